import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceListContract } from '@dure/balancer/testing';
import { fakeClock } from '@dure/core/testing';
import type { PushedInstance } from '../wire/push-stream.ts';
import { InstanceTable } from './instance-table.ts';

const hold = { ownMs: 5_000, renewingMs: 35_000 };
const own = { 'dure.process': 'p' };
const pushed = (id: string, change: Partial<PushedInstance> = {}): PushedInstance => {
  return { id, service: 'stock', host: 'h', port: 1, status: 'UP', metadata: own, ...change };
};

function open() {
  const clock = fakeClock();
  const table = new InstanceTable(clock, hold);
  const ids = () => table.instances('stock').map(({ id }) => id);
  return { clock, table, ids };
}

instanceListContract('InstanceTable', async () => {
  const list = new InstanceTable(fakeClock(), hold);
  return {
    list,
    async put(service, instances) {
      const gone = list.instances(service).filter(({ id }) => !instances.some((instance) => instance.id === id));
      const put = instances.map(({ zone: _, managementPort = 0, ...rest }) => {
        return { ...rest, managementPort, service, status: 'UP' as const };
      });
      list.applyChange({ put, gone: gone.map(({ id }) => ({ service, id })) });
    },
    close: async () => list.close(),
  };
});

test('only what is up takes traffic, the rest is known', () => {
  const { table, ids } = open();
  table.applySnapshot({ epoch: 'e', instances: [pushed('a'), pushed('b', { status: 'STARTING' })] });
  assert.deepEqual(ids(), ['a']);
  assert.equal(table.known().length, 2);
  table.applyChange({ put: [pushed('b'), pushed('a', { status: 'OUT_OF_SERVICE' })], gone: [] });
  assert.deepEqual(ids(), ['b']);
});

test('a name is found whatever its case, as Eureka writes it in capitals', () => {
  const { table } = open();
  table.applyChange({ put: [pushed('a', { service: 'myStock' })], gone: [] });
  for (const name of ['myStock', 'mystock', 'MYSTOCK']) assert.equal(table.instances(name).length, 1);
  table.applyChange({ put: [], gone: [{ service: 'mystock', id: 'a' }] });
  assert.deepEqual(table.instances('myStock'), []);
});

test('a registry that comes back empty empties no list; who does not return in time is dropped', async () => {
  const { table, ids, clock } = open();
  const spring = pushed('spring', { metadata: {} });
  table.applySnapshot({ epoch: 'one', instances: [pushed('a'), pushed('b'), spring] });
  let rung = 0;
  table.onChange(undefined, () => {
    rung += 1;
  });
  table.applySnapshot({ epoch: 'two', instances: [] });
  table.applyChange({ put: [pushed('a')], gone: [] });
  await clock.advance(4_999);
  assert.deepEqual([ids(), rung], [['a', 'b', 'spring'], 0]);
  await clock.advance(1);
  assert.deepEqual([ids(), rung], [['a', 'spring'], 1]);
  await clock.advance(30_000);
  assert.deepEqual(ids(), ['a']);
  assert.equal(clock.pending, 0);
});

test('the same registry after a broken connection is believed about those that only renew', async () => {
  const { table, ids, clock } = open();
  table.applySnapshot({ epoch: 'one', instances: [pushed('a'), pushed('spring', { metadata: {} })] });
  table.applySnapshot({ epoch: 'one', instances: [] });
  assert.deepEqual(ids(), ['a'], 'a may be reconnecting just now, as we were');
  await clock.advance(5_000);
  assert.deepEqual(ids(), []);
});

test('what the registry says is gone is gone, held or not', () => {
  const { table, ids } = open();
  table.applySnapshot({ epoch: 'one', instances: [pushed('a')] });
  table.applySnapshot({ epoch: 'two', instances: [] });
  assert.equal(table.has('stock', 'a'), false);
  assert.deepEqual(ids(), ['a']);
  table.applyChange({ put: [], gone: [{ service: 'stock', id: 'a' }] });
  assert.deepEqual(ids(), []);
});

test('a repeated snapshot rings nobody and keeps the very same instances', () => {
  const { table } = open();
  table.applySnapshot({ epoch: 'one', instances: [pushed('a')] });
  const before = table.instances('stock');
  table.onChange(undefined, () => assert.fail('rang'));
  table.applySnapshot({ epoch: 'two', instances: [pushed('a')] });
  assert.equal(table.instances('stock'), before);
});
