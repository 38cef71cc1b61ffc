/** A quantile of what was recorded lately. Memory and time are constant. */
export interface Quantile {
  record(value: number): void;
  /** Undefined until enough was recorded. */
  value(): number | undefined;
}

/** Buckets that grow by a tenth, from 0.01 up to about 10 million. */
const growth = Math.log(1.1);
const lowest = 0.01;
const buckets = 220;
const halveAt = 2_000;

/** Estimates within five per cent by counting in logarithmic buckets; old values fade by halving the counts. */
export function quantile(ratio: number, leastValues: number): Quantile {
  const counts = new Float64Array(buckets);
  let total = 0;
  let seen = 0;
  let known: number | undefined;
  let dueAt = leastValues;
  const find = () => {
    let below = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      below += counts[bucket] ?? 0;
      if (below >= total * ratio) return lowest * Math.exp((bucket + 0.5) * growth);
    }
    return undefined;
  };
  return {
    record(value) {
      const bucket = value <= lowest ? 0 : Math.min(Math.floor(Math.log(value / lowest) / growth), buckets - 1);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      total += 1;
      seen += 1;
      if (total >= halveAt) {
        for (let each = 0; each < buckets; each += 1) counts[each] = (counts[each] ?? 0) / 2;
        total /= 2;
      }
      if (seen >= dueAt) {
        known = find();
        dueAt = seen + 32;
      }
    },
    value: () => known,
  };
}
