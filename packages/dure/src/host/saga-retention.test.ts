import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchConfig } from '@dure/config/client';
import type { Settings } from '@dure/core';
import { check, live, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { saga } from '@dure/saga';
import { contract } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { z } from 'zod';
import { liveSections } from './live-sections.ts';
import type { ConfiguredRetention } from './saga-retention.ts';
import { sagaRetention, sagasSection } from './saga-retention.ts';
import { configSections, isDemanding } from './service-sections.ts';

const definitions = [
  { name: 'book', version: 2, keepFinishedMs: 20 },
  { name: 'book', version: 1, keepFinishedMs: 10 },
  { name: 'rate', version: 1, keepFinishedMs: undefined },
];

const read = (value: unknown) => check(sagasSection(definitions).schema, value, 'dure.sagas');

test('what is said of one saga goes before what is said of all, and the configuration before the newest definition', () => {
  const configured = live<ConfiguredRetention>({ all: undefined, of: {} });
  const kept = sagaRetention(definitions);
  assert.deepEqual(kept.sagasOfMs, { book: 20 });
  kept.follow((() => configured) as unknown as Settings);
  assert.deepEqual(kept.sagasOfMs, { book: 20 });
  configured.set({ all: 30, of: {} });
  assert.deepEqual(kept.sagasOfMs, { book: 20, rate: 30 });
  configured.set({ all: 30, of: { book: 0, rate: 40 } });
  assert.deepEqual(kept.sagasOfMs, { book: 0, rate: 40 });
  configured.set({ all: undefined, of: {} });
  assert.deepEqual(kept.sagasOfMs, { book: 20 });
});

test('what the configuration says is a whole number of milliseconds, for all or by name', () => {
  const good = read({ keepFinishedMs: 5, book: { keepFinishedMs: 0 }, rate: {} });
  assert.deepEqual(good, { ok: true, value: { all: 5, of: { book: 0 } } });
  const bad = read({ keepFinishedMs: -1, rate: { keepFinishedMs: 'long' } });
  assert.deepEqual(bad.ok ? [] : bad.errors.map(({ path }) => path), [
    'dure.sagas.keepFinishedMs',
    'dure.sagas.rate.keepFinishedMs',
  ]);
});

test('a file for all names them as files do, and what it says of sagas of others is no mistake', async () => {
  const values = {
    'dure.sagas.keep-finished-ms': 5,
    'dure.sagas.place-order.keep-finished-ms': 6,
    'dure.sagas.other.x': 7,
  };
  const properties = Object.entries(values).map(
    ([key, value]) => [key, { value, place: 'application.yml:1' }] as const,
  );
  const layer = {
    layer: 'file',
    source: 'application.yml',
    values: new Map(properties),
    isShared: true,
    isJoined: false,
  } as const;
  await using watch = await watchConfig({
    sections: { sagas: sagasSection([{ name: 'place-order' }]) },
    service: 'order',
    profiles: [],
    sources: [{ load: async () => ({ layers: [layer], warnings: [] }) }],
    clock: fakeClock(),
    random: seededRandom(1),
  });
  assert.deepEqual({ ...watch.current.values.sagas }, { all: 5, of: { 'place-order': 6 } });
});

test('a service with sagas reads that part of the configuration before it begins: what is forgotten is gone', () => {
  const brief = saga('brief', { input: z.object({}), key: () => 'k' })
    .sleep('rest', 1)
    .end({});
  const parts = { contract: contract('trip', {}), start: () => ({}) };
  const [plain, owner] = [service(parts), service({ ...parts, sagas: [brief] })];
  assert.deepEqual([isDemanding(plain), isDemanding(owner)], [false, true]);
  assert.ok(!('dure.sagas' in configSections(plain)));
  assert.ok('dure.sagas' in configSections(owner));
  const { current } = liveSections(owner).settings(sagasSection([brief]));
  assert.deepEqual(current, { all: undefined, of: {} });
});
