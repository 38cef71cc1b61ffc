import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { Instance } from '../instance-list.port.ts';
import { roundRobin } from '../rules/round-robin.ts';
import { staticInstances } from '../static-instances.ts';
import { openBalancer, testFleet } from '../testing/open-balancer.ts';
import type { HealthEvent } from './health-checks.ts';
import { startHealthChecks } from './health-checks.ts';

function open(size: number) {
  const clock = fakeClock();
  const list = staticInstances({ stock: testFleet(size) });
  const ill = new Set<string>();
  const asked: string[] = [];
  const events: HealthEvent[] = [];
  const ping = async ({ id }: Instance) => {
    asked.push(id);
    if (ill.has(id)) throw new DOMException('refused');
  };
  const health = startHealthChecks({
    instances: list,
    ping,
    clock,
    random: seededRandom(3),
    observe: (event) => void events.push(event),
  });
  health.watch('stock');
  return { clock, list, ill, asked, events, health };
}

test('three failed checks in a row make a verdict, two good ones undo it', async () => {
  const { clock, ill, health, events } = open(2);
  await clock.advance(12_000);
  assert.equal(health.verdict('stock:0'), 'passing');
  ill.add('stock:0');
  await clock.advance(8_000);
  assert.equal(health.verdict('stock:0'), 'passing');
  await clock.advance(10_000);
  assert.equal(health.verdict('stock:0'), 'failing');
  assert.equal(health.verdict('stock:1'), 'passing');
  ill.clear();
  await clock.advance(12_000);
  assert.equal(health.verdict('stock:0'), 'passing');
  assert.deepEqual(events.map(({ instance, verdict }) => `${instance.id} ${verdict}`).slice(2), [
    'stock:0 failing',
    'stock:0 passing',
  ]);
  assert.equal(health.version, 4);
  await health.close();
  assert.equal(clock.pending, 0);
});

test('first checks are spread over an interval, each instance is asked about every interval, and one that left no more', async () => {
  const { clock, list, asked, health } = open(50);
  await clock.advance(1_000);
  assert.ok(asked.length >= 4 && asked.length <= 20, `${asked.length} in the first second`);
  await clock.advance(59_000);
  assert.ok(asked.length >= 50 * 10 && asked.length <= 50 * 14, `${asked.length} in a minute`);
  list.set('stock', testFleet(1));
  assert.equal(clock.pending, 1);
  assert.equal(health.verdict('stock:7'), 'unknown');
  list.set('stock', []);
  assert.equal(clock.pending, 0);
  await health.close();
});

test('a check that does not answer in time has failed, and closing ends those under way', async () => {
  const clock = fakeClock();
  const instances = staticInstances({ stock: testFleet(1) });
  const reasons: string[] = [];
  const ping = (_: Instance, signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason.name);
        reject(signal.reason);
      }),
    );
  const health = startHealthChecks({
    instances,
    ping,
    clock,
    random: seededRandom(1),
    intervalMs: 100,
    timeoutMs: 50,
    failingAfter: 1,
  });
  health.watch('stock');
  await clock.advance(151);
  assert.equal(health.verdict('stock:0'), 'failing');
  assert.equal(reasons[0], 'TimeoutError');
  await clock.advance(110);
  const closed = health.close();
  await closed;
  health.watch('stock');
  assert.equal(clock.pending, 0);
});

test('a balancer gives no calls to an instance that fails its checks, unless too many do; a good check ends an ejection', async () => {
  const verdicts = new Map<string, 'passing' | 'failing'>();
  const watched: string[] = [];
  const health = {
    version: 0,
    watch: (service: string) => void watched.push(service),
    verdict: (id: string) => verdicts.get(id) ?? ('unknown' as const),
  };
  const say = (verdict: 'passing' | 'failing', ...ids: string[]) => {
    for (const id of ids) verdicts.set(id, verdict);
    health.version += 1;
  };
  const { count, events } = openBalancer(testFleet(4), { rule: roundRobin(), health, outliers: {} });
  assert.equal(count(8).size, 4);
  assert.deepEqual(watched, ['stock']);
  say('failing', 'stock:0', 'stock:1');
  assert.deepEqual([...count(8).keys()].sort(), ['stock:2', 'stock:3']);
  say('failing', 'stock:2');
  assert.equal(count(8).size, 4);
  assert.equal(events.at(-1)?.kind, 'panic-began');
  say('passing', 'stock:0', 'stock:1', 'stock:2');
  count(60, { failing: ['stock:3'] });
  assert.equal(count(8).size, 3);
  say('passing', 'stock:3');
  assert.equal(count(8).size, 4);
});

test('impossible options of health checks are refused', () => {
  const { list, clock } = open(0);
  for (const wrong of [{ intervalMs: 0 }, { timeoutMs: -1 }, { failingAfter: 0 }, { passingAfter: 1.5 }]) {
    assert.throws(
      () => startHealthChecks({ instances: list, ping: async () => {}, clock, random: seededRandom(1), ...wrong }),
      (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
    );
  }
});
