import type { ConfigLayer } from './config-source.ts';

/** Whether two readings brought the same: then there is nothing to check. */
export function sameLayers(before: readonly ConfigLayer[], after: readonly ConfigLayer[]): boolean {
  return before.length === after.length && before.every((layer, index) => sameLayer(layer, after[index]));
}

function sameLayer(before: ConfigLayer, after: ConfigLayer | undefined): boolean {
  if (after === undefined) return false;
  if (before === after) return true;
  if (before.layer !== after.layer || before.source !== after.source) return false;
  if (before.values === after.values) return true;
  if (before.values.size !== after.values.size) return false;
  const others = [...after.values];
  return [...before.values].every(([key, { value, place }], index) => {
    const [otherKey, other] = others[index] ?? [];
    return key === otherKey && value === other?.value && place === other.place;
  });
}
