import { Empty, formatMoney, Link, Skeleton, usePageTitle, usePreferences, useResource } from '@dure/console/design';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Product } from './api.ts';
import { listProducts, listStock, searchProducts } from './api.ts';
import { bojagi } from './bojagi.ts';
import { Picture } from './picture.tsx';
import { ProductBadge } from './product-badge.tsx';
import { ShopFailure } from './shop-failure.tsx';
import { StockBadge } from './stock-badge.tsx';
import { useMessages } from './use-messages.ts';

/** Everything that is sold, or what of it has the words that are looked for. */
export function HomePage(): JSX.Element {
  const m = useMessages();
  usePageTitle('', m.title);
  const [words, setWords] = useState('');
  const sought = words.trim();
  const catalogue = useResource<{ readonly products: readonly Product[] }>(`products ${sought}`, (signal) =>
    sought === '' ? listProducts(signal) : searchProducts(sought, signal),
  );
  const products = catalogue.value?.products ?? [];
  const skus = products.map(({ sku }) => sku);
  const stock = useResource(skus.length === 0 ? undefined : skus.join(','), (signal) => listStock(skus, signal));
  return (
    <>
      <Hero />
      <search class="search">
        <input
          class="input"
          type="search"
          aria-label={m.search}
          placeholder={m.searchHint}
          maxLength={100}
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <span role="status">{sought === '' || catalogue.value === undefined ? '' : m.found(products.length)}</span>
      </search>
      {catalogue.failure === undefined ? null : (
        <ShopFailure failure={catalogue.failure} retry={catalogue.reload} traceId={catalogue.traceId} />
      )}
      {catalogue.loading && catalogue.value === undefined ? <LoadingGrid /> : null}
      {catalogue.value !== undefined && products.length === 0 && sought === '' ? (
        <Empty icon="box" title={m.productsEmpty}>
          <p>{m.productsEmptyHint}</p>
        </Empty>
      ) : null}
      <ul class="grid" aria-label={m.products}>
        {products.map((product) => (
          <li key={product.sku}>
            <Card product={product} available={stock.value?.stock.find(({ sku }) => sku === product.sku)?.available} />
          </li>
        ))}
      </ul>
    </>
  );
}

const heroTones = ['#0b6a51', '#2f7d63', '#d5521b', '#e5b96b', '#9fceb8', '#f7eeda', '#2f5f8f'];

function Hero(): JSX.Element {
  const m = useMessages();
  return (
    <section class="hero">
      <div class="hero-words">
        <h1 tabIndex={-1}>{m.heroTitle}</h1>
        <p>{m.heroText}</p>
      </div>
      <svg class="hero-cloth" viewBox="0 0 200 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        {['두레', '장터'].flatMap((name, half) =>
          bojagi(name, heroTones.length).map(({ x, y, width, height, tone }) => (
            <rect
              key={`${half} ${x} ${y}`}
              x={x + half * 100}
              y={y}
              width={width}
              height={height}
              fill={heroTones[tone]}
              stroke="#fff"
              stroke-opacity="0.5"
              stroke-width="0.8"
            />
          )),
        )}
      </svg>
    </section>
  );
}

function Card({
  product,
  available,
}: {
  readonly product: Product;
  readonly available: number | undefined;
}): JSX.Element {
  const { language } = usePreferences();
  return (
    <Link to={`/item/${product.sku}`} class="card">
      <Picture sku={product.sku} emoji={product.picture} />
      <span class="card-name">
        {product.name[language]} <ProductBadge product={product} />
      </span>
      <span class="card-foot">
        <span class="price numeric">{formatMoney(product.price, language)}</span>
        <StockBadge available={available} />
      </span>
    </Link>
  );
}

function LoadingGrid(): JSX.Element {
  return (
    <div class="grid">
      {[0, 1, 2, 3].map((card) => (
        <div key={card} class="card">
          <Skeleton rows={1} height="11rem" />
          <Skeleton rows={2} />
        </div>
      ))}
    </div>
  );
}
