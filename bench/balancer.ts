// Run with --expose-gc. What does one pick and its end cost, for each rule, over 10 and over 1 000 instances? And what does it leave behind?

import type { BalancerOptions, Rule } from '@dure/balancer';
import {
  availabilityFiltering,
  balancer,
  consistentHash,
  leastRequest,
  peakEwma,
  randomChoice,
  roundRobin,
  staticInstance,
  staticInstances,
  weighted,
  weightedResponseTime,
  zonePreference,
} from '@dure/balancer';
import { seededRandom, systemClock } from '@dure/core';
import { median, printTable, round } from './lib/table.ts';

const runs = 7;
const picks = 200_000;
const rules: readonly (readonly [string, Rule, Partial<BalancerOptions>?])[] = [
  ['roundRobin', roundRobin()],
  ['random', randomChoice()],
  ['weighted', weighted()],
  ['leastRequest', leastRequest()],
  ['availabilityFiltering', availabilityFiltering()],
  ['weightedResponseTime', weightedResponseTime()],
  ['zonePreference', zonePreference({ zone: 'a' })],
  ['consistentHash, by key', consistentHash()],
  ['peakEwma (default)', peakEwma()],
  ['peakEwma + ejection', peakEwma(), { outliers: {} }],
];
const keys = Array.from({ length: 1_024 }, (_, index) => ({ key: `customer-${index}` }));

const rows: (string | number)[][] = [
  ['rule', 'ns, 10 instances', 'ns, 1 000 instances', 'bytes a pick', 'retained bytes a pick'],
];
for (const [name, rule, options] of rules) {
  const few = measure(10, rule, options);
  const many = measure(1_000, rule, options);
  rows.push([name, Math.round(few.ns), Math.round(many.ns), Math.round(few.bytes), round(few.retained, 3)]);
}
printTable(
  `pick + done, 8 calls in flight, median of ${runs} × ${picks} (two readings of the clock included: ${Math.round(clockNs())} ns)`,
  rows,
);

function open(size: number, rule: Rule, options: Partial<BalancerOptions> = {}) {
  const fleet = Array.from({ length: size }, (_, index) => ({
    ...staticInstance('stock', `http://10.0.${index >> 8}.${index & 255}:7001`),
    zone: index % 3 === 0 ? 'a' : 'b',
    metadata: { weight: String(1 + (index % 4)) },
  }));
  return balancer({
    instances: staticInstances({ stock: fleet }),
    clock: systemClock,
    random: seededRandom(1),
    rule,
    ...options,
  });
}

function measure(
  size: number,
  rule: Rule,
  options?: Partial<BalancerOptions>,
): { ns: number; bytes: number; retained: number } {
  const balance = open(size, rule, options);
  const none: readonly string[] = [];
  const underWay = Array.from({ length: 8 }, () => balance.pick('stock', none, keys[0]));
  const run = (times: number): void => {
    for (let time = 0; time < times; time += 1) {
      const place = time & 7;
      underWay[place]?.done('success');
      underWay[place] = balance.pick('stock', none, keys[time & 1_023]);
    }
  };
  run(picks);
  const times = Array.from({ length: runs }, () => {
    const startedMs = performance.now();
    run(picks);
    return ((performance.now() - startedMs) * 1e6) / picks;
  });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  // Few at a time, so that no collection falls into the middle of most.
  const bytes = median(
    Array.from({ length: 5 }, () => {
      const used = process.memoryUsage().heapUsed;
      run(2_000);
      return (process.memoryUsage().heapUsed - used) / 2_000;
    }),
  );
  run(picks);
  globalThis.gc?.();
  const retained = (process.memoryUsage().heapUsed - before) / picks;
  return { ns: median(times), bytes, retained: Math.max(retained, 0) };
}

function clockNs(): number {
  const startedMs = performance.now();
  for (let time = 0; time < picks; time += 1) systemClock.monotonicMs();
  return (2 * (performance.now() - startedMs) * 1e6) / picks;
}
