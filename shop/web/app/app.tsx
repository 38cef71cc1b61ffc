import type { PageRoute, PathParameters } from '@dure/console/design';
import {
  Empty,
  Icon,
  LanguageButton,
  Link,
  Mark,
  matchPage,
  navigate,
  SkipLink,
  ThemeButton,
  usePlace,
  usePreferences,
  Wordmark,
} from '@dure/console/design';
import type { JSX } from 'preact';
import { useBasket } from './basket.ts';
import { BasketPage } from './basket-page.tsx';
import { cartCount } from './cart.ts';
import { CheckoutPage } from './checkout-page.tsx';
import { consoleUrl } from './console-link.ts';
import { HomePage } from './home-page.tsx';
import { OrderPage } from './order-page.tsx';
import { OrdersPage } from './orders-page.tsx';
import { PageHead } from './page-head.tsx';
import { ProductPage } from './product-page.tsx';
import { endSession, useSession, useSessionCheck } from './session.ts';
import { SignInPage } from './sign-in-page.tsx';
import { useMessages } from './use-messages.ts';

type Page = (parameters: PathParameters) => JSX.Element;

/** None of these is a path of the API, which lives at the same origin. */
const routes: readonly PageRoute<Page>[] = [
  { path: '/', page: () => <HomePage /> },
  { path: '/item/:sku', page: ({ sku = '' }) => <ProductPage key={sku} sku={sku} /> },
  { path: '/basket', page: () => <BasketPage /> },
  { path: '/checkout', page: () => <CheckoutPage /> },
  { path: '/sign-in', page: () => <SignInPage key="sign-in" mode="sign-in" /> },
  { path: '/register', page: () => <SignInPage key="register" mode="register" /> },
  { path: '/my/orders', page: () => <OrdersPage /> },
  { path: '/my/orders/:orderId', page: ({ orderId = '' }) => <OrderPage key={orderId} orderId={orderId} /> },
];

/** The frame of every page of the shop. */
export function App(): JSX.Element {
  const { path } = usePlace();
  useSessionCheck();
  const match = matchPage(routes, path);
  return (
    <>
      <SkipLink />
      <Header />
      <main id="main" class="main" tabIndex={-1}>
        {match === undefined ? <NotFound /> : match.page(match.parameters)}
      </main>
      <Footer />
    </>
  );
}

function Header(): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const count = cartCount(useBasket());
  return (
    <header class="header">
      <div class="header-row">
        <Link to="/" class="brand" aria-label={m.home}>
          <Mark size={28} />
          <Wordmark language={language} height={19} />
          <span class="brand-shop">{m.shop}</span>
        </Link>
        <nav class="header-nav" aria-label={m.navigation}>
          <LanguageButton />
          <ThemeButton />
          <Account />
          <Link to="/basket" class="button basket-button">
            <Icon name="basket" size={20} />
            <span class="basket-word">{m.basket}</span>{' '}
            {count === 0 ? null : <span class="basket-count numeric">{count}</span>}
          </Link>
        </nav>
      </div>
    </header>
  );
}

function Account(): JSX.Element | null {
  const m = useMessages();
  const session = useSession();
  const { path } = usePlace();
  if (session.state === 'unknown') return null;
  if (session.state === 'nobody') {
    return (
      <Link
        to={path === '/sign-in' ? path : `/sign-in?next=${encodeURIComponent(path)}`}
        class="button button-quiet account"
        aria-label={m.signIn}
      >
        <Icon name="user" />
        <span class="account-word">{m.signIn}</span>
      </Link>
    );
  }
  return (
    <>
      <Link
        to="/my/orders"
        class="button button-quiet account"
        aria-label={session.user === undefined ? m.orders : `${m.orders}: ${session.user.name}`}
      >
        <Icon name="user" />
        <span class="account-word">{session.user?.name ?? m.orders}</span>
      </Link>
      <button
        type="button"
        class="button button-quiet button-icon"
        aria-label={m.signOut}
        title={m.signOut}
        onClick={() => void endSession().then(() => navigate('/'))}
      >
        <Icon name="exit" />
      </button>
    </>
  );
}

function Footer(): JSX.Element {
  const m = useMessages();
  const url = consoleUrl(location);
  return (
    <footer class="footer">
      <p>{m.footer}</p>
      <p class="footer-links">
        {url === undefined ? null : (
          <a href={url}>
            {m.console}
            <Icon name="external" size={14} />
          </a>
        )}
        <a href="/openapi.json">
          {m.api}
          <Icon name="external" size={14} />
        </a>
      </p>
    </footer>
  );
}

function NotFound(): JSX.Element {
  const m = useMessages();
  return (
    <>
      <PageHead title={m.notFound} />
      <Empty icon="search" title={m.notFound}>
        <Link to="/" class="button">
          {m.toProducts}
        </Link>
      </Empty>
    </>
  );
}
