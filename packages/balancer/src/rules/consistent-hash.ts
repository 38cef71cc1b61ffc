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
      let ring: Ring = { hashes: new Uint32Array(0), owners: [], counts: new Map() };
      return (candidates, tried, _nowMs, key) => {
        if (key === undefined) {
          const start = Math.floor(random.next() * candidates.length);
          return nextUntried(candidates, start, tried) ?? candidateAt(candidates, start);
        }
        if (candidates !== seen) {
          ring = changedRing(ring, candidates, points);
          seen = candidates;
        }
        return walk(ring, hashOf(key), tried, loadAtMost) ?? candidateAt(candidates, 0);
      };
    },
  };
}

/** Points in the order of their hashes, each with its owner, and how many points each owner has. */
interface Ring {
  readonly hashes: Uint32Array;
  readonly owners: readonly Candidate[];
  readonly counts: ReadonlyMap<Candidate, number>;
}

/** The first candidate from the hash onwards that is neither tried nor full; when there is none, the least improper. */
function walk(ring: Ring, hash: number, tried: readonly string[], loadAtMost: number): Candidate | undefined {
  const { hashes, owners } = ring;
  const start = firstFrom(hashes, hash);
  let fallback: Candidate | undefined;
  for (let step = 0; step < hashes.length; step += 1) {
    const candidate = owners[(start + step) % hashes.length];
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

/** Points of those that left are dropped, points of those that joined merged in: a change costs no sorting of the rest. */
function changedRing(before: Ring, candidates: readonly Candidate[], points: number): Ring {
  const counts = new Map(
    candidates.map((candidate) => [
      candidate,
      Math.min(Math.max(Math.round(points * candidate.weight), 1), mostPoints),
    ]),
  );
  const isKept = (candidate: Candidate) => before.counts.get(candidate) === counts.get(candidate);
  const kept = new Set(candidates.filter(isKept));
  const joined = candidates.filter((candidate) => !kept.has(candidate)).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const fresh = sortedPoints(joined, counts);
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  const hashes = new Uint32Array(total);
  const owners: Candidate[] = new Array(total);
  let old = 0;
  let next = 0;
  for (let index = 0; index < total; index += 1) {
    while (old < before.owners.length && !kept.has(before.owners[old] as Candidate)) old += 1;
    const oldHash = before.hashes[old] ?? Number.POSITIVE_INFINITY;
    const newHash = hashOfPacked(fresh[next]);
    const oldOwner = before.owners[old];
    const newOwner = joined[ownerOfPacked(fresh[next])];
    const takesOld = oldHash < newHash || (oldHash === newHash && isBefore(oldOwner, newOwner));
    hashes[index] = takesOld ? oldHash : newHash;
    owners[index] = (takesOld ? oldOwner : newOwner) as Candidate;
    if (takesOld) old += 1;
    else next += 1;
  }
  return { hashes, owners, counts };
}

/** Equal hashes fall in the order of ids, so that they do so on every caller. */
function isBefore(a: Candidate | undefined, b: Candidate | undefined): boolean {
  return a !== undefined && (b === undefined || a.instance.id < b.instance.id);
}

/** Hash and index of the owner in one number, because numbers sort ten times as fast as objects. */
function sortedPoints(joined: readonly Candidate[], counts: ReadonlyMap<Candidate, number>): Float64Array {
  const packed: number[] = [];
  for (const [owner, candidate] of joined.entries()) {
    const seed = hashOf(candidate.instance.id);
    const count = counts.get(candidate) ?? 0;
    for (let point = 0; point < count; point += 1)
      packed.push(mixed(seed + Math.imul(point, golden)) * mostOwners + owner);
  }
  return Float64Array.from(packed).sort();
}

function hashOfPacked(packed: number | undefined): number {
  return packed === undefined ? Number.POSITIVE_INFINITY : Math.floor(packed / mostOwners);
}

function ownerOfPacked(packed: number | undefined): number {
  return packed === undefined ? -1 : packed % mostOwners;
}

const mostOwners = 2 ** 20;
const alwaysInFlight = 8;
const golden = 0x9e3779b9;
const mostPoints = 8_192;
