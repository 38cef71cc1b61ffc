// What do the layers of @dure/resilience cost a call, against cockatiel and opossum in the same run?

import type { Call, Layer } from '@dure/core';
import { systemClock as clock, DureError, seededRandom, stack, startCall } from '@dure/core';
import { bulkhead, circuitBreaker, guard, retry, retryBudgets, timeout } from '@dure/resilience';
import {
  ConsecutiveBreaker,
  circuitBreaker as cockatielBreaker,
  bulkhead as cockatielBulkhead,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  ExponentialBackoff,
  handleAll,
  SamplingBreaker,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import Opossum from 'opossum';
import { median, printTable, round } from './lib/table.ts';

const rounds = Number(process.env.ROUNDS ?? 9);
const callsARound = Number(process.env.CALLS ?? 100_000);

type Run = () => Promise<unknown>;

const work = async (input: number) => input + 1;
const call: Call = startCall({
  trace: { traceId: '0'.repeat(32), spanId: '0'.repeat(16), sampled: false },
  operation: { service: 's', name: 'o', idempotent: true, cost: 1, sensitive: [], timeoutMs: 5_000 },
});
const of = (...layers: Layer<number, number>[]): Run => {
  const handler = stack(...layers)(work);
  return () => handler(1, call);
};
const breaker = (slow: boolean, window: object = {}) =>
  circuitBreaker({ clock, name: 'b', ...window, ...(slow ? { slowCallMs: 1_000 } : {}) });
const pipeline = () =>
  of(
    retry({ clock, random: seededRandom(1), budget: retryBudgets({ clock }) }),
    breaker(true).layer(),
    timeout({ clock }),
    bulkhead({ clock, name: 'p', most: 100 }).layer(),
  );

const sampling = () =>
  cockatielBreaker(handleAll, {
    halfOpenAfter: 1_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  });
const consecutive = () => cockatielBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(5) });
const cockatielPipeline = () =>
  wrap(
    cockatielRetry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    sampling(),
    cockatielTimeout(5_000, TimeoutStrategy.Cooperative),
    cockatielBulkhead(100),
  );
const opossum = (options: Opossum.Options) => new Opossum(work, { errorThresholdPercentage: 50, ...options });

const cockatielRun =
  (policy: { execute<T>(run: () => Promise<T>): Promise<T> }): Run =>
  () =>
    policy.execute(() => work(1));
const withTimeout = opossum({ timeout: 5_000 });
const withoutTimeout = opossum({ timeout: false });

const runs: Readonly<Record<string, Run>> = {
  'bare async call': () => work(1),
  'dure breaker, count': of(breaker(false).layer()),
  'dure breaker, count, slow-call timing': of(breaker(true).layer()),
  'dure breaker, time window, slow-call timing': of(breaker(true, { windowMs: 10_000 }).layer()),
  'cockatiel consecutive breaker': cockatielRun(consecutive()),
  'cockatiel sampling breaker': cockatielRun(sampling()),
  'opossum, no timeout': () => withoutTimeout.fire(1),
  'opossum, with timeout': () => withTimeout.fire(1),
  'dure retry + breaker + timeout + bulkhead': pipeline(),
  'cockatiel retry + breaker + timeout + bulkhead': cockatielRun(cockatielPipeline()),
};

/** Nanoseconds per call; the runs take turns, so that what disturbs the machine disturbs all. */
async function measure(): Promise<Map<string, number>> {
  const found = new Map<string, number[]>();
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      const calls = /cockatiel retry/.test(name) ? callsARound / 5 : callsARound;
      const startedAt = performance.now();
      for (let each = 0; each < calls; each += 1) await run();
      if (round >= 0) found.set(name, [...(found.get(name) ?? []), ((performance.now() - startedAt) * 1e6) / calls]);
    }
  }
  return new Map([...found].map(([name, values]) => [name, median(values)]));
}

const ns = await measure();
const get = (name: string) => ns.get(name) ?? Number.NaN;
printTable(`Resilience, ns per call, median of ${rounds} rounds`, [
  ['what', 'ns'],
  ...[...ns].map(([name, value]) => [name, Math.round(value)]),
]);
printTable('Against the bars', [
  ['bar', 'wanted', 'found'],
  [
    'breaker with slow-call timing / cockatiel sampling',
    '<= 1',
    round(get('dure breaker, count, slow-call timing') / get('cockatiel sampling breaker')),
  ],
  [
    'breaker with time window and timing / cockatiel sampling',
    '<= 1',
    round(get('dure breaker, time window, slow-call timing') / get('cockatiel sampling breaker')),
  ],
  [
    'full pipeline / cockatiel',
    `<= ${round(1 / 6)}`,
    round(get('dure retry + breaker + timeout + bulkhead') / get('cockatiel retry + breaker + timeout + bulkhead'), 3),
  ],
]);

// The failure path: what does a failed call cost as the window grows?
const failure = new DureError('DOWN', 'unavailable', 'down');
const failing = async () => {
  throw failure;
};
const perFailure = async (run: Run, calls: number) => {
  const startedAt = performance.now();
  for (let each = 0; each < calls; each += 1) await run().catch(() => undefined);
  return ((performance.now() - startedAt) * 1e6) / calls;
};
const failures: (string | number)[][] = [['window', 'dure, count', 'dure, time', 'opossum']];
for (const size of [100, 1_000, 10_000, 100_000]) {
  const filled = async (window: object) => {
    const guarded = circuitBreaker({ clock, name: 'f', minimumCalls: 1, slowCallMs: 1_000, ...window });
    guarded.switchTo('metrics-only'); // it records everything and does not open
    const good = guarded.layer<number, number>()(work);
    const bad = guarded.layer<number, number>()(failing);
    for (let each = 0; each < size; each += 1) await good(1, call);
    await perFailure(() => bad(1, call), 20_000);
    return perFailure(() => bad(1, call), 20_000);
  };
  let fails = false;
  const peer = new Opossum(async () => (fails ? failing() : work(1)), {
    timeout: false,
    errorThresholdPercentage: 100,
    rollingCountTimeout: 3_600_000,
  });
  for (let each = 0; each < size; each += 1) await peer.fire();
  fails = true;
  const opossumNs = await perFailure(() => peer.fire(), 50);
  peer.shutdown();
  failures.push([
    size,
    Math.round(await filled({ window: size })),
    Math.round(await filled({ windowMs: 3_600_000 })),
    Math.round(opossumNs),
  ]);
}
printTable('A failed call by calls in the window, ns', failures);

// What stays behind after a million calls?
const kept = pipeline();
const alone = guard({ name: 'alone', idempotent: true }, work, breaker(true).layer());
const settle = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
for (let each = 0; each < 50_000; each += 1) await kept();
const before = settle();
for (let each = 0; each < 1_000_000; each += 1) {
  await kept();
  if (each % 10 === 0) await alone(1);
}
const bytes = (settle() - before) / 1_000_000;
printTable('Retained', [
  ['what', 'bytes per call'],
  [globalThis.gc === undefined ? 'run with --expose-gc to know' : 'full pipeline, a million calls', round(bytes, 3)],
]);
withTimeout.shutdown();
withoutTimeout.shutdown();
