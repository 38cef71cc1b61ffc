/** How many latencies were how long, to a tenth of a millisecond and up to a minute: of constant size however many there are. */
export interface LatencyCounts {
  note(ms: number): void;
  readonly counts: Uint32Array;
}

const perMs = 10;
const longestMs = 60_000;

/** Nothing noted yet. */
export function latencyCounts(): LatencyCounts {
  const counts = new Uint32Array(longestMs * perMs + 1);
  return {
    counts,
    note(ms) {
      const at = Math.min(counts.length - 1, Math.max(0, Math.round(ms * perMs)));
      counts[at] = (counts[at] ?? 0) + 1;
    },
  };
}

/** Which latency a share of all did not exceed, in milliseconds. */
export function percentile(all: readonly LatencyCounts[], share: number): number {
  const sum = (at: number) => all.reduce((total, { counts }) => total + (counts[at] ?? 0), 0);
  const length = longestMs * perMs + 1;
  let total = 0;
  for (let at = 0; at < length; at += 1) total += sum(at);
  let seen = 0;
  for (let at = 0; at < length; at += 1) {
    seen += sum(at);
    if (seen > 0 && seen >= total * share) return at / perMs;
  }
  return 0;
}
