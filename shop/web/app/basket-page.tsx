import { Empty, formatMoney, Icon, Link, Skeleton, usePreferences, useResource } from '@dure/console/design';
import type { JSX } from 'preact';
import { listProducts } from './api.ts';
import { changeBasket, useBasket } from './basket.ts';
import { BasketLines } from './basket-lines.tsx';
import { cartTotal, setQuantity } from './cart.ts';
import { OfferNote } from './offer-note.tsx';
import { PageHead } from './page-head.tsx';
import { Quantity } from './quantity.tsx';
import { ShopFailure } from './shop-failure.tsx';
import { useMessages } from './use-messages.ts';
import { useOffer } from './use-offer.ts';

/** What the customer means to buy. */
export function BasketPage(): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const cart = useBasket();
  const catalogue = useResource('products', listProducts);
  const { offer, priceOf } = useOffer();
  if (cart.lines.length === 0) return <EmptyBasket />;
  const productOf = (sku: string) => catalogue.value?.products.find((product) => product.sku === sku);
  const total = cartTotal(cart, (sku) => priceOf(productOf(sku)));
  const lines = cart.lines.map(({ sku, quantity }) => {
    const product = productOf(sku);
    const controls = <LineControls sku={sku} name={product?.name[language] ?? sku} quantity={quantity} />;
    return { sku, quantity, product, amount: priceOf(product), controls };
  });
  return (
    <div class="narrow">
      <PageHead title={m.basket} back={{ to: '/', label: m.toProducts }} />
      {catalogue.failure === undefined ? null : <ShopFailure failure={catalogue.failure} retry={catalogue.reload} />}
      {catalogue.loading && catalogue.value === undefined ? <Skeleton rows={4} /> : <BasketLines lines={lines} />}
      <OfferNote offer={offer} />
      <p class="total" role="status">
        <span>{m.total}</span>
        <strong class="numeric">{formatMoney({ amount: total, currency: 'KRW' }, language)}</strong>
      </p>
      <Link to="/checkout" class="button button-primary button-large wide">
        {m.toCheckout}
      </Link>
    </div>
  );
}

function EmptyBasket(): JSX.Element {
  const m = useMessages();
  return (
    <>
      <PageHead title={m.basket} />
      <Empty icon="basket" title={m.basketEmpty}>
        <p>{m.basketEmptyHint}</p>
        <Link to="/" class="button button-primary">
          {m.toProducts}
        </Link>
      </Empty>
    </>
  );
}

function LineControls({ sku, name, quantity }: LineControlsProps): JSX.Element {
  const m = useMessages();
  const change = (next: number) => changeBasket((cart) => setQuantity(cart, sku, next));
  return (
    <span class="line-controls">
      <Quantity value={quantity} change={change} what={name} />
      <button
        type="button"
        class="button button-quiet button-icon"
        aria-label={m.remove(name)}
        onClick={() => change(0)}
      >
        <Icon name="trash" />
      </button>
    </span>
  );
}

interface LineControlsProps {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
}
