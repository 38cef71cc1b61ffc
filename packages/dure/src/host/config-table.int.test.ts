import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { configTable, openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import { silentTelemetry } from '@dure/telemetry';
import { getJson } from '../supervisor/transport.ts';
import { startSystem } from '../testing/start-system.ts';

const module = `import { living } from '${new URL('../../fixtures/living/system.ts', import.meta.url).href}';
import { postgres, system } from '@dure/dure';
const { services, edge } = living;
const values = new Map([['number', { value: 5 }]]);
const layers = [{ layer: 'beside', source: 'beside', values, isShared: true, isJoined: false }];
const beside = { kind: 'fixed', open: async () => ({ source: { load: async () => ({ layers, warnings: [] }) } }) };
const from = [postgres({ urlFile: './table.url', refreshMs: 100 }), './config'];
export const tabled = system('tabled', { services, edge, config: { from, sources: [beside] } });
`;

test('a system reads its configuration from a table, before its folder, and follows it; what stands beside the config server comes before both', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-tabled-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { url } = stack.use(await testDatabase());
  await symlink(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'config'));
  await writeFile(join(folder, 'config', 'shop.yml'), 'word: one\n');
  await writeFile(join(folder, 'system.ts'), module);
  await writeFile(join(folder, 'table.url'), url, { mode: 0o600 });
  const clock = systemClock;
  const db = openDatabase({
    url,
    service: 'admin',
    clock,
    ids: ids(clock, systemRandom),
    telemetry: silentTelemetry(),
  });
  stack.defer(() => db.close());
  const set = (values: Readonly<Record<string, string | number>>) =>
    configTable(db).set(testCall(), { application: 'shop' }, values, 'anna');
  await set({ word: 'two', number: 2 });
  const tabled = stack.use(await startSystem(join(folder, 'system.ts')));
  const state = async () => {
    const answer = await getJson(`${tabled.edge}/state`, 5_000);
    const { word, number } = answer.ok ? (answer.body as { word?: string; number?: number }) : {};
    return `${word} ${number}`;
  };
  assert.equal(await state(), 'two 5');
  await set({ word: 'three', number: 3 });
  const giveUpAt = clock.monotonicMs() + 15_000;
  while ((await state()) !== 'three 5') {
    assert.ok(clock.monotonicMs() < giveUpAt, 'the change was not taken up');
    await wait(clock, 50);
  }
});
