/** What is sewn and fired by hand: there is no more of it until somebody makes it. */
const byHand: ReadonlySet<string> = new Set(['wrap-bojagi', 'bowl-celadon']);

/** Whether a maker has more of a product. */
export function canBring(sku: string): boolean {
  return !byHand.has(sku);
}
