/** Some of a product. */
export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

/** Whether an order's lines can be set aside: all of them, or the first that cannot. */
export type Decision =
  | { readonly kind: 'reserve'; readonly lines: readonly Line[] }
  | { readonly kind: 'out-of-stock'; readonly sku: string; readonly available: number };

/**
 * Decides on a reservation. Lines of the same product count together, and a product that has no stock row counts as
 * having none. The lines come back in order of SKU, the order in which rows are locked.
 */
export function decideReservation(lines: readonly Line[], available: ReadonlyMap<string, number>): Decision {
  const wanted = mergeLines(lines);
  for (const { sku, quantity } of wanted) {
    const left = available.get(sku) ?? 0;
    if (left < quantity) return { kind: 'out-of-stock', sku, available: left };
  }
  return { kind: 'reserve', lines: wanted };
}

/** One line for each product, in order of SKU. */
export function mergeLines(lines: readonly Line[]): readonly Line[] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities]
    .map(([sku, quantity]) => ({ sku, quantity }))
    .sort((a, b) => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0));
}
