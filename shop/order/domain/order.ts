/** What a customer asks for. */
export interface Wish {
  readonly sku: string;
  readonly quantity: number;
}

/** What they get, at the price of the moment. */
export interface PricedLine extends Wish {
  /** Won, for one. */
  readonly price: number;
}

/** What an order costs, line by line and altogether. */
export type Priced =
  | { readonly kind: 'priced'; readonly lines: readonly PricedLine[]; readonly total: number }
  | { readonly kind: 'unknown-product'; readonly sku: string };

/** The products of an order, each once, in the order in which they were named first. */
export function wishedSkus(wishes: readonly Wish[]): readonly string[] {
  return [...new Set(wishes.map(({ sku }) => sku))];
}

/** A price with so many percent taken off, in whole won. */
export function discounted(price: number, percent: number): number {
  return Math.round((price * (100 - percent)) / 100);
}

/** Prices an order. Wishes for the same product become one line; the first product without a price is named. */
export function priceOrder(wishes: readonly Wish[], prices: ReadonlyMap<string, number>): Priced {
  const lines: PricedLine[] = [];
  for (const sku of wishedSkus(wishes)) {
    const price = prices.get(sku);
    if (price === undefined) return { kind: 'unknown-product', sku };
    const quantity = wishes.reduce((sum, wish) => sum + (wish.sku === sku ? wish.quantity : 0), 0);
    lines.push({ sku, quantity, price });
  }
  return { kind: 'priced', lines, total: lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0) };
}
