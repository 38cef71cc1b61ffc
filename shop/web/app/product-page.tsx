import { Empty, formatMoney, Icon, Link, Note, Skeleton, usePreferences, useResource } from '@dure/console/design';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Product } from './api.ts';
import { getProduct, getStock } from './api.ts';
import { changeBasket } from './basket.ts';
import { addToCart } from './cart.ts';
import { PageHead } from './page-head.tsx';
import { Picture } from './picture.tsx';
import { ProductBadge } from './product-badge.tsx';
import { Quantity } from './quantity.tsx';
import { ShopFailure } from './shop-failure.tsx';
import { StockBadge } from './stock-badge.tsx';
import { useMessages } from './use-messages.ts';

/** One product: what it is, what it costs, how much is left. */
export function ProductPage({ sku }: { readonly sku: string }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const product = useResource(`product ${sku}`, (signal) => getProduct(sku, signal));
  const stock = useResource(`stock ${sku}`, (signal) => getStock(sku, signal));
  const back = { to: '/', label: m.toProducts };
  if (product.value !== undefined) {
    return (
      <div class="product">
        <Picture sku={sku} emoji={product.value.picture} />
        <div class="product-words">
          <PageHead title={product.value.name[language]} back={back} />
          <p class="product-text">{product.value.description[language]}</p>
          <p class="product-price">
            <span class="price numeric">{formatMoney(product.value.price, language)}</span>
            <ProductBadge product={product.value} />
            <StockBadge available={stock.value?.available} />
          </p>
          {stock.value?.available === 0 ? <Note tone="info">{m.soldOutHint}</Note> : null}
          <AddForm product={product.value} />
        </div>
      </div>
    );
  }
  const unknown = product.failure?.kind === 'problem' && product.failure.problem.status === 404;
  return (
    <>
      <PageHead title={unknown ? m.productUnknown : m.products} back={back} />
      {product.failure === undefined ? (
        <Skeleton rows={6} />
      ) : unknown ? (
        <Empty icon="box" title={m.productUnknown}>
          <Link to="/" class="button">
            {m.toProducts}
          </Link>
        </Empty>
      ) : (
        <ShopFailure failure={product.failure} retry={product.reload} traceId={product.traceId} />
      )}
    </>
  );
}

function AddForm({ product }: { readonly product: Product }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  const [quantity, setQuantity] = useState(1);
  const [added, setAdded] = useState(0);
  const name = product.name[language];
  const add = () => {
    changeBasket((cart) => addToCart(cart, product.sku, quantity));
    setAdded(added + 1);
    setQuantity(1);
  };
  return (
    <>
      <div class="add">
        <Quantity value={quantity} change={setQuantity} what={name} />
        <button type="button" class="button button-primary button-large" onClick={add}>
          <Icon name="basket" size={20} />
          {m.addToBasket}
        </button>
      </div>
      <div class="added" role="status">
        {added === 0 ? null : (
          <p key={added} class="note note-good">
            <Icon name="check" />
            <span class="note-body">
              {m.added(name)}
              <Link to="/basket">{m.toBasket}</Link>
            </span>
          </p>
        )}
      </div>
    </>
  );
}
