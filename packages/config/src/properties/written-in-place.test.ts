import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, systemClock } from '@dure/core';
import { ConfigFolder } from './config-folder.ts';

const request = { names: ['order'], profiles: [] };

async function orderFile(context: { after(end: () => Promise<void>): void }) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-in-place-'));
  context.after(() => rm(folder, { recursive: true }));
  let aheadMs = 0;
  const config = new ConfigFolder(folder, { ...systemClock, now: () => systemClock.now() + aheadMs });
  const file = join(folder, 'order.yml');
  return {
    file,
    async values() {
      const { sources, stale } = await config.find(request);
      const found = sources.flatMap(({ properties }) => [...properties].map(([key, { value }]) => `${key} ${value}`));
      return [...found, ...stale.map((place) => `stale ${place}`)].join();
    },
    pass(ms: number) {
      aheadMs += ms;
    },
  };
}

test('a file that is read in the middle of a write, empty, is what it was; what breaks it then keeps that', async (context) => {
  const { file, values } = await orderFile(context);
  await writeFile(file, 'a: 1\n');
  assert.equal(await values(), 'a 1');
  const handle = await open(file, 'w');
  assert.equal(await values(), 'a 1');
  await handle.writeFile('a: 2\n');
  await handle.close();
  assert.equal(await values(), 'a 2');
  const again = await open(file, 'w');
  assert.equal(await values(), 'a 2');
  await again.writeFile('a: [\n');
  await again.close();
  assert.match(await values(), /^a 2,stale order\.yml:\d+:\d+$/);
});

test('a file that is written for the first time is not there before it holds something', async (context) => {
  const { file, values } = await orderFile(context);
  const handle = await open(file, 'w');
  assert.equal(await values(), '');
  await handle.writeFile('a: [\n');
  await handle.close();
  await assert.rejects(values(), (error) => codeOf(error) === 'CONFIG_FILE_INVALID');
});

test('a file that stays empty is empty a second later', async (context) => {
  const { file, values, pass } = await orderFile(context);
  await writeFile(file, 'a: 1\n');
  assert.equal(await values(), 'a 1');
  await writeFile(file, '');
  assert.equal(await values(), 'a 1');
  pass(1_100);
  assert.equal(await values(), '');
});
