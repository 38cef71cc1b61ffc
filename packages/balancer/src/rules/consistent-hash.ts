import { hashOf, mixed } from '../hash.ts';
import { checked } from '../options.ts';
import type { Candidate, Rule } from '../rule.ts';
import { candidateAt, nextUntried } from '../rule.ts';

/** Options of `consistentHash`. */
export interface ConsistentHashOptions {
  /**
   * No instance has more than so many times the average number of calls in flight, but for the first eight, where
   * an average says little. From 1.05, default 1.25.
   */
  readonly loadAtMost?: number;
  /** Points on the ring for an instance of weight 1, from 16 to 1 024: more spread keys more evenly. Default 128. */
  readonly points?: number;
}

/**
 * Calls with the same key (`pick(service, tried, { key })`) go to the same instance, on every caller alike. When
 * one of n instances leaves or joins, about 1/n of the keys move. A key whose instance has too many calls in flight,
 * or was tried, goes to the next on the ring. A call without a key goes anywhere.
 *
 * Ring of points (Karger et al. 1997; ketama) with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018), because
 * Maglev's table moves keys also between instances that stay. A pick costs O(log n). A value out of range is
 * BALANCER_OPTION_INVALID.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Rule {
  const { loadAtMost = 1.25, points = 128 } = options;
  checked('consistentHash', 'loadAtMost', loadAtMost, { from: 1.05, to: 1_000 });
  checked('consistentHash', 'points', points, { from: 16, to: 1_024, whole: true });
  return {
    name: 'consistentHash',
    open: ({ random }) => {
      let seen: readonly Candidate[] = [];
      let ring = ringOf([], points);
      return (candidates, tried, _nowMs, key) => {
        if (key === undefined) {
          const start = Math.floor(random.next() * candidates.length);
          return nextUntried(candidates, start, tried) ?? candidateAt(candidates, start);
        }
        if (candidates !== seen) {
          ring = ringOf(candidates, points);
          seen = candidates;
        }
        return walk(ring, hashOf(key), tried, loadAtMost) ?? candidateAt(candidates, 0);
      };
    },
  };
}

/** Points in the order of their hashes, each with the index of its owner. */
interface Ring {
  readonly hashes: Uint32Array;
  readonly owners: Uint32Array;
  readonly candidates: readonly Candidate[];
}

/** The first candidate from the hash onwards that is neither tried nor full; when there is none, the least improper. */
function walk(ring: Ring, hash: number, tried: readonly string[], loadAtMost: number): Candidate | undefined {
  const { hashes, owners, candidates } = ring;
  const start = firstFrom(hashes, hash);
  let fallback: Candidate | undefined;
  for (let step = 0; step < hashes.length; step += 1) {
    const candidate = candidates[owners[(start + step) % hashes.length] ?? 0];
    if (candidate === undefined || candidate === fallback) continue;
    const isTried = tried.length > 0 && tried.includes(candidate.instance.id);
    if (!isTried && candidate.inFlight < mostInFlight(candidate, loadAtMost)) return candidate;
    if (fallback === undefined || (!isTried && tried.includes(fallback.instance.id))) fallback = candidate;
  }
  return fallback;
}

function mostInFlight({ fleet }: Candidate, loadAtMost: number): number {
  return Math.max(Math.ceil((loadAtMost * (fleet.inFlight + 1)) / Math.max(fleet.size, 1)), alwaysInFlight);
}

function firstFrom(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low === hashes.length ? 0 : low;
}

function ringOf(candidates: readonly Candidate[], points: number): Ring {
  // Ordered by id, so that equal hashes fall to the same owner on every caller.
  const ordered = [...candidates].sort((a, b) => (a.instance.id < b.instance.id ? -1 : 1));
  const packed: number[] = [];
  for (const [owner, candidate] of ordered.entries()) {
    const seed = hashOf(candidate.instance.id);
    const count = Math.min(Math.max(Math.round(points * candidate.weight), 1), mostPoints);
    for (let point = 0; point < count; point += 1)
      packed.push(mixed(seed + Math.imul(point, golden)) * 2 ** 20 + owner);
  }
  const sorted = Float64Array.from(packed).sort();
  const hashes = new Uint32Array(sorted.length);
  const owners = new Uint32Array(sorted.length);
  for (const [index, value] of sorted.entries()) {
    hashes[index] = Math.floor(value / 2 ** 20);
    owners[index] = value % 2 ** 20;
  }
  return { hashes, owners, candidates: ordered };
}

const alwaysInFlight = 8;
const golden = 0x9e3779b9;
const mostPoints = 8_192;
