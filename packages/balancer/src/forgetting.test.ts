import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { availabilityFiltering } from './rules/availability-filtering.ts';
import { consistentHash } from './rules/consistent-hash.ts';
import { leastRequest } from './rules/least-request.ts';
import { peakEwma } from './rules/peak-ewma.ts';
import { randomChoice } from './rules/random-choice.ts';
import { roundRobin } from './rules/round-robin.ts';
import { weighted } from './rules/weighted.ts';
import { weightedResponseTime } from './rules/weighted-response-time.ts';
import { zonePreference } from './rules/zone-preference.ts';
import type { OpenBalancer } from './testing/open-balancer.ts';
import { openBalancer, testFleet } from './testing/open-balancer.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function callAll(open: OpenBalancer, size: number): void {
  const change = (index: number) => ({ metadata: { version: String(index % 2) } });
  open.list.set('stock', testFleet(size, change));
  for (const version of ['0', '1', undefined])
    open.count(50, { want: { key: 'k', ...(version === undefined ? {} : { version }) } });
}

/** In a function of its own, so that no variable of the test holds the instances. */
function meetAndLose(open: OpenBalancer): readonly WeakRef<object>[] {
  callAll(open, 10);
  const met = open.list.instances('stock').map((instance) => new WeakRef<object>(instance));
  callAll(open, 2);
  return met;
}

for (const rule of [
  roundRobin(),
  randomChoice(),
  weighted(),
  leastRequest(),
  peakEwma(),
  availabilityFiltering(),
  weightedResponseTime(),
  consistentHash(),
  zonePreference({ zone: 'a' }),
]) {
  test(`${rule.name} holds nothing of instances that left`, async () => {
    const open = openBalancer(testFleet(0), { rule, outliers: {} });
    const met = meetAndLose(open);
    await setImmediate(); // weak references hold what they refer to until the current job is over
    collectGarbage();
    assert.equal(met.filter((instance) => instance.deref() !== undefined).length, 0);
    assert.equal(open.balance.report('stock').length, 2);
    open.list.set('stock', []);
    assert.deepEqual(open.balance.report('stock'), []);
  });
}

test('a report says what is known of each instance', () => {
  const fleet = testFleet(3, (index) => ({ metadata: { weight: String(index) } }));
  const open = openBalancer(fleet, { outliers: {}, rule: weighted() });
  assert.deepEqual(open.balance.report('stock'), []);
  open.count(30, { failing: ['stock:1'] });
  const reports = open.balance.report('stock');
  assert.deepEqual(
    reports.map(({ state, share, latencyMs }) => ({ state, share, latencyMs })),
    [
      { state: 'available', share: 0, latencyMs: undefined },
      { state: 'ejected', share: 1, latencyMs: undefined },
      { state: 'available', share: 2, latencyMs: 20 },
    ],
  );
  assert.ok((reports[1]?.success ?? 1) < 0.2 && reports[1]?.isSuspect === true);
});
