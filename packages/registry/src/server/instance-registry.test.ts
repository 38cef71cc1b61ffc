import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { InstanceStatus } from '../wire/push-stream.ts';
import type { InstanceInfo } from './instance-info.ts';
import type { InstanceRegistryOptions } from './instance-registry.ts';
import { InstanceRegistry } from './instance-registry.ts';

function open(change: Partial<InstanceRegistryOptions> = {}) {
  const clock = fakeClock();
  const changes: string[] = [];
  const registry = new InstanceRegistry({
    clock,
    random: seededRandom(1),
    lease: 'exact',
    selfPreservation: false,
    maxInstances: 100,
    evictionIntervalMs: 60_000,
    changed: (app, id) => changes.push(`${app}/${id}`),
    ...change,
  });
  const put = (id: string, more: Partial<InstanceInfo> = {}) => registry.register(instance(id, more));
  const status = (id: string) => registry.get('ORDERS', id)?.info.status;
  return { clock, registry, changes, put, status };
}

function instance(instanceId: string, change: Partial<InstanceInfo> = {}): InstanceInfo {
  return {
    instanceId,
    hasInstanceId: true,
    hostName: 'h',
    app: 'ORDERS',
    ipAddr: '127.0.0.1',
    sid: 'na',
    status: 'UP',
    overriddenStatus: 'UNKNOWN',
    port: { number: 80, enabled: true },
    securePort: { number: 443, enabled: false },
    countryId: 1,
    dataCenter: { name: 'MyOwn', metadata: {} },
    renewalIntervalInSecs: 30,
    durationInSecs: 90,
    metadata: {},
    texts: {},
    isCoordinatingDiscoveryServer: false,
    lastUpdatedTimestamp: 0,
    lastDirtyTimestamp: 100,
    actionType: 'ADDED',
    ...change,
  };
}

test('an older registration does not replace a newer one, but its lease is new', async () => {
  const { registry, put, clock } = open();
  put('a', { hostName: 'new', lastDirtyTimestamp: 200 });
  await clock.advance(5_000);
  put('a', { hostName: 'old', lastDirtyTimestamp: 100 });
  assert.equal(registry.get('ORDERS', 'a')?.info.hostName, 'new');
  assert.equal(registry.get('ORDERS', 'a')?.lease.registeredAt, clock.now());
  assert.equal(registry.size, 1);
});

/** The first rule that matches, as in the protocol's table. */
const effective: readonly [
  string,
  InstanceStatus,
  InstanceStatus | undefined,
  InstanceStatus | undefined,
  InstanceStatus,
][] = [
  ['1: what is neither UP nor OUT_OF_SERVICE stays', 'STARTING', 'UP', 'OUT_OF_SERVICE', 'STARTING'],
  ['2: an override wins', 'UP', 'UP', 'OUT_OF_SERVICE', 'OUT_OF_SERVICE'],
  ['3: the status that is held wins over the one that is sent', 'OUT_OF_SERVICE', 'UP', undefined, 'UP'],
  ['3: but not one that is neither UP nor OUT_OF_SERVICE', 'UP', 'DOWN', undefined, 'UP'],
  ['4: otherwise what is sent', 'OUT_OF_SERVICE', undefined, undefined, 'OUT_OF_SERVICE'],
];

for (const [rule, sent, held, override, expected] of effective) {
  test(`effective status, rule ${rule}`, () => {
    const { registry, put, status } = open();
    if (held !== undefined) put('a', { status: held });
    if (override !== undefined) registry.override('ORDERS', 'a', override);
    put('a', { status: sent });
    assert.equal(status('a'), expected);
  });
}

test('a renewal of an unknown instance, or one that is newer at the client, asks for a new registration', () => {
  const { registry, put } = open();
  put('a');
  assert.equal(registry.renew('ORDERS', 'b'), false);
  assert.equal(registry.renew('OTHER', 'a'), false);
  assert.equal(registry.renew('ORDERS', 'a', 101), false);
  for (const dirty of [undefined, 100, 99]) assert.equal(registry.renew('ORDERS', 'a', dirty), true);
});

test('an override stays over renewals and registrations; without it the next renewal asks for a registration', () => {
  const { registry, put, status } = open();
  put('a');
  assert.equal(registry.override('ORDERS', 'a', 'OUT_OF_SERVICE', 150), true);
  assert.equal(registry.get('ORDERS', 'a')?.info.lastDirtyTimestamp, 150);
  registry.renew('ORDERS', 'a');
  put('a', { lastDirtyTimestamp: 200 });
  assert.deepEqual([status('a'), registry.statusOverrides()], ['OUT_OF_SERVICE', { a: 'OUT_OF_SERVICE' }]);
  registry.removeOverride('ORDERS', 'a', 'UNKNOWN');
  assert.deepEqual([status('a'), registry.statusOverrides()], ['UNKNOWN', {}]);
  assert.equal(registry.renew('ORDERS', 'a'), false);
  assert.equal(registry.override('ORDERS', 'nobody', 'UP'), false);
});

test('an override is dropped with its instance, and forgotten an hour after it was last used', async () => {
  const { registry, put, status, clock } = open();
  put('a');
  registry.override('ORDERS', 'a', 'OUT_OF_SERVICE');
  registry.cancel('ORDERS', 'a');
  put('a');
  assert.equal(status('a'), 'UP');
  registry.override('ORDERS', 'a', 'OUT_OF_SERVICE');
  await clock.advance(61 * 60_000);
  put('a', { status: 'DOWN' });
  put('a');
  assert.equal(status('a'), 'UP');
});

test('a lease ends when it says', async () => {
  const { registry, put, clock } = open();
  put('a');
  await clock.advance(30_000);
  registry.renew('ORDERS', 'a');
  await clock.advance(60_000);
  assert.deepEqual(registry.evict(), []);
  await clock.advance(30_001);
  assert.equal(registry.visible('ORDERS', 'a'), undefined);
  assert.equal(registry.evict().length, 1);
  assert.equal(registry.size, 0);
});

test('with Eureka’s lease a renewed instance lives twice its time', async () => {
  const { registry, put, clock } = open({ lease: 'eureka' });
  put('a');
  registry.renew('ORDERS', 'a');
  await clock.advance(60_000);
  registry.evict();
  for (let minute = 2; minute <= 3; minute += 1) {
    await clock.advance(60_000);
    assert.deepEqual(registry.evict(), []);
  }
  await clock.advance(60_000);
  assert.equal(registry.evict().length, 1);
});

test('a registry that was asleep does not take its clients for dead', async () => {
  const { registry, put, clock } = open();
  put('a');
  await clock.advance(60_000);
  registry.evict();
  registry.renew('ORDERS', 'a');
  await clock.advance(600_000);
  assert.deepEqual(registry.evict(), [], 'they could not renew while it slept');
});

for (const [name, byMs] of [
  ['forward', 3_600_000],
  ['back', -3_600_000],
] as const) {
  test(`nobody who renews is evicted when wall time jumps an hour ${name}, and who died is evicted in time`, async () => {
    const { registry, put, clock } = open({ selfPreservation: true });
    const ids = Array.from({ length: 100 }, (_, index) => `i${index}`);
    for (const id of ids) put(id);
    const minute = async (alive: readonly string[]) => {
      const renewed = alive.every((id) => registry.renew('ORDERS', id));
      await clock.advance(30_000);
      const renewedAgain = alive.every((id) => registry.renew('ORDERS', id));
      await clock.advance(30_000);
      assert.ok(renewed && renewedAgain);
      return registry.evict().map(({ info }) => info.instanceId);
    };
    for (let sweep = 0; sweep < 3; sweep += 1) assert.deepEqual(await minute(ids), []);
    clock.jump(byMs);
    assert.ok(registry.visible('ORDERS', 'i0'));
    assert.deepEqual(registry.evict(), []);
    const alive = ids.slice(1);
    const [first, second] = [await minute(alive), await minute(alive)];
    assert.deepEqual([...first, ...second], ['i0'], 'a lease of 90 s after its last renewal');
    for (let sweep = 0; sweep < 5; sweep += 1) assert.deepEqual(await minute(alive), []);
    assert.equal(registry.get('ORDERS', 'i1')?.lease.renewedAt, clock.now() - 30_000, 'the wire tells wall time');
  });
}

test('one pass evicts at most 15 percent, at random', async () => {
  const { registry, put, clock } = open();
  for (let index = 0; index < 20; index += 1) put(`i${index}`);
  await clock.advance(60_000);
  registry.evict();
  await clock.advance(60_000);
  const evicted = registry.evict().map(({ info }) => info.instanceId);
  assert.equal(evicted.length, 3);
  assert.notDeepEqual(evicted, ['i0', 'i1', 'i2']);
});

test('a peer brings back whose lease ended here, but not who was cancelled here', async () => {
  const { registry, put, clock } = open();
  put('silent');
  await clock.advance(60_000);
  registry.evict();
  await clock.advance(60_000);
  assert.equal(registry.evict().length, 1);
  put('stopped');
  registry.cancel('ORDERS', 'stopped');
  for (const id of ['silent', 'stopped']) registry.register(instance(id), 'peer');
  assert.deepEqual(
    registry.all().map(({ info }) => info.instanceId),
    ['silent'],
  );
});

test('self-preservation keeps everything while too few renewals arrive', async () => {
  const { registry, put, clock } = open({ selfPreservation: true });
  for (let index = 0; index < 20; index += 1) put(`i${index}`);
  const minute = async (alive: number) => {
    for (let half = 0; half < 2; half += 1) {
      for (let index = 0; index < alive; index += 1) registry.renew('ORDERS', `i${index}`);
      await clock.advance(30_000);
    }
    return registry.evict().length;
  };
  for (let round = 0; round < 5; round += 1) assert.equal(await minute(10), 0);
  assert.equal(registry.meter.expires, false);
  assert.equal(await minute(20), 0);
  for (let round = 0; round < 3; round += 1) await minute(19);
  assert.equal(registry.get('ORDERS', 'i19'), undefined, 'one of twenty is gone when the others renew');
  assert.equal(registry.size, 19);
});

test('self-preservation expects renewals as often as it is told, and tells them by the minute', async () => {
  const { registry, put, clock } = open({ selfPreservation: true, expectedRenewalMs: 1_000 });
  for (let index = 0; index < 20; index += 1) put(`i${index}`);
  const second = async (alive: number) => {
    for (let index = 0; index < alive; index += 1) registry.renew('ORDERS', `i${index}`);
    await clock.advance(1_000);
  };
  for (let count = 0; count < 4; count += 1) await second(20);
  assert.deepEqual([registry.meter.lastMinute, registry.meter.threshold], [1_200, 1_071]);
  assert.equal(registry.meter.expires, true);
  for (let count = 0; count < 4; count += 1) await second(17);
  assert.equal(registry.meter.expires, false);
});

test('an instance is found by what it says of itself now, by nothing that it said before', () => {
  const { registry, put } = open();
  const metadata = { 'dure.process': 'p' };
  put('a', { texts: { vipAddress: 'orders,sales', secureVipAddress: 'safe' }, metadata });
  put('b', { texts: { vipAddress: 'orders' }, metadata });
  registry.register(instance('a', { app: 'OTHER' }));
  const found = (...what: Parameters<InstanceRegistry['by']>) =>
    registry.by(...what).map(({ info }) => `${info.app}/${info.instanceId}`);
  assert.deepEqual(found('id', 'a'), ['ORDERS/a', 'OTHER/a']);
  assert.deepEqual(found('vipAddress', 'orders'), ['ORDERS/a', 'ORDERS/b']);
  assert.deepEqual(found('process', 'p'), ['ORDERS/a', 'ORDERS/b']);
  put('a', { texts: { vipAddress: 'sales' }, lastDirtyTimestamp: 101 });
  assert.deepEqual([found('vipAddress', 'orders'), found('vipAddress', 'sales')], [['ORDERS/b'], ['ORDERS/a']]);
  assert.deepEqual([found('secureVipAddress', 'safe'), found('process', 'p')], [[], ['ORDERS/b']]);
  registry.override('ORDERS', 'a', 'DOWN');
  assert.equal(registry.by('vipAddress', 'sales')[0]?.info.status, 'DOWN', 'as it is now');
  for (const id of ['a', 'b']) registry.cancel('ORDERS', id);
  registry.cancel('OTHER', 'a');
  assert.deepEqual([found('id', 'a'), found('vipAddress', 'sales'), found('process', '')], [[], [], []]);
});

test('the hash counts statuses in the order of their names', () => {
  const { registry, put } = open();
  assert.equal(registry.hash(), '');
  put('a');
  put('b');
  put('c', { status: 'DOWN' });
  assert.equal(registry.hash(), 'DOWN_1_UP_2_');
});

test('recent changes hold the newest state of each instance for three minutes', async () => {
  const { registry, put, clock } = open();
  const recent = () => registry.recent().map(({ info }) => `${info.instanceId} ${info.actionType}`);
  put('a');
  put('b');
  registry.override('ORDERS', 'a', 'DOWN');
  registry.cancel('ORDERS', 'b');
  assert.deepEqual(recent(), ['a MODIFIED', 'b DELETED']);
  await clock.advance(180_001);
  assert.deepEqual(recent(), []);
});

test('every change is announced, a plain renewal is not', () => {
  const { registry, put, changes } = open();
  put('a');
  registry.renew('ORDERS', 'a');
  registry.mergeMetadata('ORDERS', 'a', { zone: 'b' });
  registry.cancel('ORDERS', 'a');
  assert.equal(registry.cancel('ORDERS', 'a'), false);
  assert.deepEqual(changes, ['ORDERS/a', 'ORDERS/a', 'ORDERS/a']);
});

test('a full registry takes nobody new, but those it has may register again', () => {
  const { put } = open({ maxInstances: 2 });
  assert.deepEqual([put('a'), put('b'), put('c'), put('a')], [true, true, false, true]);
});
