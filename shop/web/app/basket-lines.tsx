import { formatMoney, usePreferences } from '@dure/console/design';
import type { ComponentChildren, JSX } from 'preact';
import type { Product } from './api.ts';
import { Picture } from './picture.tsx';

/** Things that are or were bought, with what they cost. */
export function BasketLines({ lines }: { readonly lines: readonly BasketLine[] }): JSX.Element {
  const { language } = usePreferences();
  return (
    <ul class="lines">
      {lines.map(({ sku, product, quantity, amount, controls }) => (
        <li key={sku} class="line">
          <Picture sku={sku} emoji={product?.picture ?? '📦'} />
          <span class="line-words">
            <span class="line-name">{product?.name[language] ?? sku}</span>
            {controls ?? <span class="line-quantity numeric">× {quantity}</span>}
          </span>
          <span class="price numeric">
            {amount === undefined ? '–' : formatMoney({ amount: amount * quantity, currency: 'KRW' }, language)}
          </span>
        </li>
      ))}
    </ul>
  );
}

export interface BasketLine {
  readonly sku: string;
  readonly quantity: number;
  readonly product: Product | undefined;
  /** Price of one; undefined when it could not be read. */
  readonly amount: number | undefined;
  /** In the place of the quantity. */
  readonly controls?: ComponentChildren;
}
