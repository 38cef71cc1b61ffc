/**
 * A distribution of durations in buckets a quarter octave wide (0.1 ms to 2 min), so that a percentile is within a
 * tenth of the true one. After HdrHistogram's idea of log-linear buckets.
 */
export interface Latencies {
  add(durationMs: number): void;
  merge(other: Latencies): void;
  /** The duration, in milliseconds, below which this share (0 to 1) lies; undefined when there is none. */
  percentile(share: number): number | undefined;
  readonly counts: ReadonlyMap<number, number>;
}

const smallestMs = 0.1;
const perOctave = 4;
const lastBucket = 80;

/** An empty distribution. */
export function latencies(): Latencies {
  const counts = new Map<number, number>();
  let total = 0;
  const put = (bucket: number, count: number) => {
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
    total += count;
  };
  return {
    counts,
    add: (durationMs) => put(bucketOf(durationMs), 1),
    merge(other) {
      for (const [bucket, count] of other.counts) put(bucket, count);
    },
    percentile(share) {
      if (total === 0) return undefined;
      let wanted = share * total;
      for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b)) {
        if (count >= wanted) return between(bucket, wanted / count);
        wanted -= count;
      }
      return between(lastBucket, 1);
    },
  };
}

function bucketOf(durationMs: number): number {
  if (durationMs <= smallestMs) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log2(durationMs / smallestMs) * perOctave));
}

/** A point within a bucket, by the share of its items that lie below. */
function between(bucket: number, share: number): number {
  const upper = smallestMs * 2 ** (bucket / perOctave);
  const lower = bucket === 0 ? 0 : smallestMs * 2 ** ((bucket - 1) / perOctave);
  return Math.round((lower + (upper - lower) * share) * 100) / 100;
}
