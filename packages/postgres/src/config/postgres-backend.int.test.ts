import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigBackend } from '@dure/config/server';
import { startConfig } from '@dure/config/testing';
import { ids, systemClock, systemRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { openDatabase } from '../database.ts';
import { testDatabase } from '../testing/index.ts';
import type { ConfigTable } from './config-table.ts';
import { configTable } from './config-table.ts';
import { postgresBackend } from './postgres-backend.ts';

/** A table, and a backend that reads from it as another process would. */
async function open() {
  const database = await testDatabase();
  const openOne = () => {
    const [clock, telemetry] = [systemClock, silentTelemetry()];
    return openDatabase({ url: database.url, service: 'config', clock, ids: ids(clock, systemRandom), telemetry });
  };
  const [writer, reader] = [openOne(), openOne()];
  const clock = fakeClock();
  const table: ConfigTable = configTable(writer);
  const backend: ConfigBackend = postgresBackend({ db: reader, clock });
  const closeReader = () => reader.close();
  return {
    table,
    backend,
    clock,
    closeReader,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await Promise.all([writer.close(), reader.close()]);
      await database[Symbol.asyncDispose]();
    },
  };
}

const order = { names: ['order'], profiles: ['eu', 'dev'] };

test('rows are found by Spring’s precedence and names, values keep their types', async () => {
  await using opened = await open();
  const { table, backend } = opened;
  const call = testCall();
  await table.set(call, { application: 'application' }, { lines: 1, currency: 'KRW' }, 'anna');
  await table.set(call, { application: 'order' }, { lines: 2, 'hosts[0]': 'a', debug: false }, 'anna');
  await table.set(call, { application: 'application', profile: 'dev' }, { lines: 3 }, 'anna');
  await table.set(call, { application: 'order', profile: 'eu' }, { lines: 4 }, 'anna');
  await table.set(call, { application: 'order', label: 'next' }, { lines: 5 }, 'anna');
  await table.set(call, { application: 'payment' }, { lines: 9 }, 'anna');
  const found = await backend.find(order);
  assert.deepEqual(
    found.sources.map(({ name, properties }) => [name, properties.get('lines')?.value]),
    [
      ['application-dev', 3],
      ['order-eu', 4],
      ['order', 2],
      ['application', 1],
    ],
  );
  assert.deepEqual(found.sources[2]?.properties.get('debug'), { value: false, place: 'order[debug]' });
  const labelled = await backend.find({ ...order, label: 'next' });
  assert.deepEqual(
    labelled.sources.map(({ properties }) => properties.get('lines')?.value),
    [3, 4, 5, 2, 1],
  );
  await using running = await startConfig({ backend });
  const response = await fetch(`${running.url}/order/default`, { headers: { authorization: 'Bearer order' } });
  const { version, propertySources } = (await response.json()) as { version: string; propertySources: unknown[] };
  assert.deepEqual([version, propertySources.length], [found.version, 2]);
});

test('the same answer is the same object until something is changed, and a change is told with whose it is', async () => {
  await using opened = await open();
  const { table, backend, clock } = opened;
  await table.set(testCall(), { application: 'order' }, { lines: 1 }, 'anna');
  const before = await backend.find(order);
  assert.equal(await backend.find(order), before);
  assert.deepEqual(await backend.refresh(), []);
  const told = new Promise<void>((resolve) => backend.watch?.(resolve));
  await table.set(testCall(), { application: 'order', profile: 'dev' }, { lines: 2 }, 'ben');
  await table.set(testCall(), { application: 'payment' }, { lines: 2 }, 'ben');
  await clock.advance(1_000);
  await told;
  const after = await backend.find(order);
  assert.notEqual(after, before);
  assert.ok(Number(after.version) > Number(before.version));
  await table.set(testCall(), { application: 'order' }, { lines: null }, 'ben');
  assert.deepEqual(await backend.refresh(), ['order.properties']);
  assert.deepEqual(
    (await backend.find(order)).sources.map(({ name }) => name),
    ['order-dev'],
  );
});

test('the history says who changed what and when; what changes nothing is not in it', async () => {
  await using opened = await open();
  const { table } = opened;
  const set = (lines: number | null, by: string) => table.set(testCall(), { application: 'order' }, { lines }, by);
  assert.equal(await set(1, 'anna'), 1);
  assert.equal(await set(1, 'ben'), 0);
  assert.equal(await set(2, 'ben'), 1);
  assert.equal(await set(null, 'cho'), 1);
  assert.equal(await set(null, 'cho'), 0);
  const history = await table.history({ application: 'order', limit: 10 });
  assert.deepEqual(
    history.map(({ before, after, by }) => [before, after, by]),
    [
      [2, null, 'cho'],
      [1, 2, 'ben'],
      [null, 1, 'anna'],
    ],
  );
  assert.ok(history.every(({ at, n }) => at > 0 && Number.isInteger(n)));
  assert.deepEqual(await table.history({ application: 'payment', limit: 10 }), []);
});

test('a change that makes no sense is refused as a whole', async () => {
  await using opened = await open();
  const { table, backend } = opened;
  const bad: readonly (readonly [Parameters<ConfigTable['set']>[1], Parameters<ConfigTable['set']>[2], string])[] = [
    [{ application: '' }, { a: 1 }, 'anna'],
    [{ application: '../x' }, { a: 1 }, 'anna'],
    [{ application: 'order', profile: 'a b' }, { a: 1 }, 'anna'],
    [{ application: 'order', label: "x'; drop table dure.config_value; --" }, { a: 1 }, 'anna'],
    [{ application: 'order' }, {}, 'anna'],
    [{ application: 'order' }, { good: 1, 'a b': 1 }, 'anna'],
    [{ application: 'order' }, { good: 1, bad: Number.NaN }, 'anna'],
    [{ application: 'order' }, { good: 1, bad: 'x'.repeat(65_537) }, 'anna'],
    [{ application: 'order' }, { good: 1, bad: [] as unknown as string }, 'anna'],
    [{ application: 'order' }, { good: 1 }, ' '],
  ];
  for (const [scope, values, by] of bad)
    await assert.rejects(table.set(testCall(), scope, values, by), { code: 'POSTGRES_CONFIG_INVALID' });
  assert.deepEqual((await backend.find(order)).sources, []);
});

test('while the database is away, what was answered before is served and stale; what never was is an error', async () => {
  await using opened = await open();
  const { table, backend, closeReader } = opened;
  await table.set(testCall(), { application: 'order' }, { lines: 1 }, 'anna');
  const { sources } = await backend.find(order);
  await closeReader();
  const stale = await backend.find(order);
  assert.deepEqual([stale.sources, stale.stale], [sources, [backend.name]]);
  assert.equal(await backend.find(order), stale);
  assert.equal((await backend.problems())[0]?.place, backend.name);
  await assert.rejects(backend.find({ ...order, names: ['pay'] }));
});
