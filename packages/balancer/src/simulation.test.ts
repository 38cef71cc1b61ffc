import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Balancer } from './balancer.ts';
import type { Rule } from './rule.ts';
import { availabilityFiltering } from './rules/availability-filtering.ts';
import { leastRequest } from './rules/least-request.ts';
import { peakEwma } from './rules/peak-ewma.ts';
import { randomChoice } from './rules/random-choice.ts';
import { roundRobin } from './rules/round-robin.ts';
import { weighted } from './rules/weighted.ts';
import { weightedResponseTime } from './rules/weighted-response-time.ts';
import { zonePreference } from './rules/zone-preference.ts';
import { referenceBalancer } from './testing/reference-balancers.ts';
import type { SimulatedTools, SimulationResult } from './testing/simulation.ts';
import { simulateBalancing } from './testing/simulation.ts';

const seeds = [1, 2];
const slow = { kind: 'slow', afterMs: 500 } as const;
const failing = { kind: 'failing', afterMs: 1 } as const;

const rows: readonly (readonly [string, Rule | ((tools: SimulatedTools) => Balancer)])[] = [
  ['round robin', roundRobin()],
  ['random', randomChoice()],
  ['weighted', weighted()],
  ['availability filtering', availabilityFiltering()],
  ['weighted response time', weightedResponseTime()],
  ['P2C least request, plain', referenceBalancer('P2C least request')],
  ['P2C peak-EWMA, Finagle', referenceBalancer('P2C peak-EWMA (Finagle)')],
  ['P2C peak-EWMA + 5 s penalty', referenceBalancer('P2C peak-EWMA + 5 s penalty (Linkerd)')],
  ['leastRequest', leastRequest()],
  ['zonePreference, one zone', zonePreference({ zone: 'a' })],
  ['peakEwma (default)', peakEwma()],
];

/** The worst of several seeds. */
function worst(results: readonly SimulationResult[], figure: (result: SimulationResult) => number): number {
  return Math.max(...results.map(figure));
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
const seconds = (ms: number) => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(2)} s` : 'never');

test('of ten instances one is slow or fails fast: every rule in one table, and what is known of other balancers holds here', (t) => {
  const found = new Map<string, { slow: SimulationResult[]; failing: SimulationResult[] }>();
  t.diagnostic(
    'rule | slow: share, p99.9, half share again | failing in 1 ms: errors, half share again (worst of two seeds)',
  );
  for (const [name, balance] of rows) {
    const run = (bad: typeof slow | typeof failing) => seeds.map((seed) => simulateBalancing({ balance, seed, bad }));
    const result = { slow: run(slow), failing: run(failing) };
    found.set(name, result);
    const whenSlow = `${percent(worst(result.slow, (r) => r.share))}, ${worst(result.slow, (r) => r.p999Ms).toFixed(0)} ms, ${seconds(worst(result.slow, (r) => r.recoveryMs))}`;
    const whenFailing = `${percent(worst(result.failing, (r) => r.errorRate))}, ${seconds(worst(result.failing, (r) => r.recoveryMs))}`;
    t.diagnostic(`${name} | ${whenSlow} | ${whenFailing}`);
  }
  const of = (name: string) => found.get(name) ?? assert.fail(name);
  const errors = (name: string) => worst(of(name).failing, (r) => r.errorRate);
  assert.ok(Math.abs(errors('round robin') - 0.1) < 0.005);
  assert.ok(errors('P2C least request, plain') > 0.17);
  assert.ok(errors('P2C peak-EWMA, Finagle') > 0.18);
  assert.ok(worst(of('P2C peak-EWMA, Finagle').slow, (r) => r.recoveryMs) > 10_000);
  assert.equal(
    worst(of('P2C peak-EWMA + 5 s penalty').failing, (r) => r.recoveryMs),
    Number.POSITIVE_INFINITY,
  );
  assert.ok(errors('peakEwma (default)') <= 0.005);
  assert.ok(worst(of('peakEwma (default)').slow, (r) => r.share) <= 0.002);
  assert.ok(worst(of('peakEwma (default)').slow, (r) => r.p999Ms) <= 100);
});

test('the default has an instance back at half its share within 3 s, whenever it becomes well', () => {
  for (const bad of [slow, failing]) {
    for (let seed = 0; seed < 12; seed += 1) {
      const timing = { badFromMs: 5_000, badUntilMs: 15_000 + seed * 171, endMs: 22_000 };
      const result = simulateBalancing({ balance: peakEwma(), seed, bad, ...timing });
      assert.ok(result.recoveryMs <= 3_000, `${bad.kind}, seed ${seed}: ${result.recoveryMs} ms`);
      assert.ok(result.errorRate <= 0.005, `${bad.kind}, seed ${seed}: errors ${result.errorRate}`);
      assert.ok(result.flood <= 2, `${bad.kind}, seed ${seed}: ${result.flood} fair shares at once`);
    }
  }
});

// D10 of the reliability catalogue.
test('one of three that is ten times slower, or a black hole, has at most 5 % of the traffic after 2 s, and returns without a flood', () => {
  for (const bad of [{ kind: 'slow', afterMs: 200 } as const, failing]) {
    for (const callsPerSecond of [100, 300, 1_000, 3_000]) {
      for (let seed = 0; seed < 4; seed += 1) {
        const timing = { badFromMs: 5_000, badUntilMs: 20_000, endMs: 26_000 };
        const result = simulateBalancing({ balance: peakEwma(), seed, bad, instances: 3, callsPerSecond, ...timing });
        const what = `${bad.kind} at ${callsPerSecond}/s, seed ${seed}`;
        assert.ok(result.shareAfterTwoSeconds <= 0.05, `${what}: share ${result.shareAfterTwoSeconds}`);
        assert.ok(result.errorRate <= 0.01, `${what}: errors ${result.errorRate}`);
        assert.ok(result.recoveryMs <= 3_500, `${what}: back after ${result.recoveryMs} ms`);
        if (callsPerSecond >= 1_000) assert.ok(result.flood <= 1.5, `${what}: ${result.flood} fair shares at once`);
      }
    }
  }
});

test('a simulation repeats by its seed', () => {
  const run = () =>
    simulateBalancing({
      balance: peakEwma(),
      seed: 5,
      bad: failing,
      badFromMs: 1_000,
      badUntilMs: 3_000,
      endMs: 5_000,
    });
  assert.deepEqual(run(), run());
});
