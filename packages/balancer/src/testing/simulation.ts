import type { Clock, Random } from '@dure/core';
import { coreErrors, seededRandom } from '@dure/core';
import type { Balancer } from '../balancer.ts';
import { balancer } from '../balancer.ts';
import type { InstanceList } from '../instance-list.port.ts';
import type { Rule } from '../rule.ts';
import { staticInstances } from '../static-instances.ts';
import { testInstance } from './instance-list-contract.ts';

/** What a balancer under simulation stands on. */
export interface SimulatedTools {
  readonly instances: InstanceList;
  readonly clock: Clock;
  readonly random: Random;
}

/** A load of calls on one service, one of whose instances is bad for a while. Times in virtual milliseconds. */
export interface Simulation {
  /** A rule, or a whole balancer of one's own. */
  readonly balance: Rule | ((tools: SimulatedTools) => Balancer);
  readonly seed: number;
  /** Default 10. Number 0 is the one that becomes bad. */
  readonly instances?: number;
  /** Calls a second, arriving at random (Poisson). Default 1 000. */
  readonly callsPerSecond?: number;
  /** Median time of a call to an instance that is well; log-normal, σ = 0.3. Default 20. */
  readonly callMs?: number;
  /** What ails the bad instance: each of its calls takes so long, or fails after so long. */
  readonly bad: { readonly kind: 'slow' | 'failing'; readonly afterMs: number };
  /** Default 10 000, 40 000 and 60 000. */
  readonly badFromMs?: number;
  readonly badUntilMs?: number;
  readonly endMs?: number;
}

/** What came of it. */
export interface SimulationResult {
  /** Share of the calls that went to the bad instance, while it was bad … */
  readonly share: number;
  /** … and from two seconds after it became bad. */
  readonly shareAfterTwoSeconds: number;
  /** Share of failed calls while it was bad. */
  readonly errorRate: number;
  /** Of calls that began while it was bad. */
  readonly p50Ms: number;
  readonly p999Ms: number;
  /** From when it was well until it had half of its fair share, within a quarter of a second; Infinity for never. */
  readonly recoveryMs: number;
  /** The greatest share in a quarter of a second, after it was well, in fair shares. */
  readonly flood: number;
  readonly calls: number;
}

/** Runs a simulation in virtual time: a minute of 1 000 calls a second takes about a tenth of one, and repeats by its seed. */
export function simulateBalancing(simulation: Simulation): SimulationResult {
  const { seed, instances: count = 10, callsPerSecond = 1_000, callMs = 20, bad } = simulation;
  const { badFromMs = 10_000, badUntilMs = 40_000, endMs = 60_000 } = simulation;
  const random = seededRandom(seed);
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, after: noTimers };
  const fleet = Array.from({ length: count }, (_, index) => testInstance('stock', `stock:${index}`));
  const tools = { instances: staticInstances({ stock: fleet }), clock, random: seededRandom(seed + 1) };
  const { balance } = simulation;
  const balanced = typeof balance === 'function' ? balance(tools) : balancer({ ...tools, rule: balance });
  const tally = openTally({ count, badFromMs, badUntilMs });
  const due = openAgenda();
  for (let arrivalMs = 0; arrivalMs < endMs; arrivalMs += (-Math.log(1 - random.next()) / callsPerSecond) * 1_000) {
    due.runUntil(arrivalMs, (atMs) => {
      nowMs = atMs;
    });
    nowMs = arrivalMs;
    const picked = balanced.pick('stock', []);
    if (picked === undefined) throw coreErrors.INVARIANT('the simulated balancer picked nothing');
    const isFirst = picked.instance === fleet[0];
    const isBad = isFirst && arrivalMs >= badFromMs && arrivalMs < badUntilMs;
    const tookMs = isBad ? bad.afterMs : callMs * Math.exp(0.3 * gaussian(random));
    const fails = isBad && bad.kind === 'failing';
    tally.add(arrivalMs, isFirst, tookMs, fails);
    due.add(arrivalMs + tookMs, () => picked.done(fails ? 'failure' : 'success'));
  }
  return tally.result();
}

const bucketMs = 250;

function openTally({ count, badFromMs, badUntilMs }: { count: number; badFromMs: number; badUntilMs: number }) {
  const whileBad: number[] = [];
  const later = { calls: 0, toFirst: 0 };
  const afterwards: { calls: number; toFirst: number }[] = [];
  let calls = 0;
  let toFirst = 0;
  let failed = 0;
  return {
    add(atMs: number, isFirst: boolean, tookMs: number, fails: boolean): void {
      calls += 1;
      const one = isFirst ? 1 : 0;
      if (atMs >= badUntilMs) {
        const index = Math.floor((atMs - badUntilMs) / bucketMs);
        afterwards[index] ??= { calls: 0, toFirst: 0 };
        const bucket = afterwards[index];
        bucket.calls += 1;
        bucket.toFirst += one;
      } else if (atMs >= badFromMs) {
        whileBad.push(tookMs);
        toFirst += one;
        if (fails) failed += 1;
        if (atMs < badFromMs + 2_000) return;
        later.calls += 1;
        later.toFirst += one;
      }
    },
    result(): SimulationResult {
      const sorted = Float64Array.from(whileBad).sort();
      const shares = Array.from(afterwards, (bucket) =>
        bucket === undefined ? 0 : (bucket.toFirst / bucket.calls) * count,
      );
      const recovered = shares.findIndex((share) => share >= 0.5);
      return {
        share: toFirst / whileBad.length,
        shareAfterTwoSeconds: later.toFirst / later.calls,
        errorRate: failed / whileBad.length,
        p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
        p999Ms: sorted[Math.floor(sorted.length * 0.999)] ?? Number.NaN,
        recoveryMs: recovered < 0 ? Number.POSITIVE_INFINITY : (recovered + 1) * bucketMs,
        flood: Math.max(...shares),
        calls,
      };
    },
  };
}

/** What is due at which time: a binary heap. */
function openAgenda() {
  const heap: { readonly atMs: number; readonly run: () => void }[] = [];
  const at = (index: number) => heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  };
  return {
    add(atMs: number, run: () => void): void {
      let index = heap.push({ atMs, run }) - 1;
      for (; index > 0 && at((index - 1) >> 1) > atMs; index = (index - 1) >> 1) swap(index, (index - 1) >> 1);
    },
    runUntil(untilMs: number, moveTo: (atMs: number) => void): void {
      while (at(0) <= untilMs) {
        swap(0, heap.length - 1);
        const first = heap.pop();
        for (let index = 0; ; ) {
          const child = at(2 * index + 2) < at(2 * index + 1) ? 2 * index + 2 : 2 * index + 1;
          if (at(child) >= at(index)) break;
          swap(index, child);
          index = child;
        }
        moveTo(first?.atMs ?? untilMs);
        first?.run();
      }
    },
  };
}

/** Box and Muller, 1958. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function noTimers(): never {
  throw coreErrors.INVARIANT('a simulated balancer asked for a timer');
}
