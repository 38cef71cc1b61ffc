import { Empty, formatMoney, Icon, Link, Skeleton, usePreferences, useResource } from '@dure/console/design';
import type { JSX } from 'preact';
import { listProducts } from './api.ts';
import { changeBasket, useBasket } from './basket.ts';
import { BasketLines } from './basket-lines.tsx';
import { cartTotal, setQuantity } from './cart.ts';
import { PageHead } from './page-head.tsx';
import { Quantity } from './quantity.tsx';
import { ShopFailure } from './shop-failure.tsx';
import { useMessages } from './use-messages.ts';

/** What the customer means to buy. */
export function BasketPage(): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const cart = useBasket();
  const catalogue = useResource('products', listProducts);
  if (cart.lines.length === 0) {
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
  const productOf = (sku: string) => catalogue.value?.products.find((product) => product.sku === sku);
  const total = cartTotal(cart, (sku) => productOf(sku)?.price.amount);
  const lines = cart.lines.map(({ sku, quantity }) => {
    const product = productOf(sku);
    const name = product?.name[language] ?? sku;
    return {
      sku,
      quantity,
      product,
      amount: product?.price.amount,
      controls: (
        <span class="line-controls">
          <Quantity
            value={quantity}
            change={(next) => changeBasket((now) => setQuantity(now, sku, next))}
            what={name}
          />
          <button
            type="button"
            class="button button-quiet button-icon"
            aria-label={m.remove(name)}
            onClick={() => changeBasket((now) => setQuantity(now, sku, 0))}
          >
            <Icon name="trash" />
          </button>
        </span>
      ),
    };
  });
  return (
    <div class="narrow">
      <PageHead title={m.basket} back={{ to: '/', label: m.toProducts }} />
      {catalogue.failure === undefined ? null : <ShopFailure failure={catalogue.failure} retry={catalogue.reload} />}
      {catalogue.loading && catalogue.value === undefined ? <Skeleton rows={4} /> : <BasketLines lines={lines} />}
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
