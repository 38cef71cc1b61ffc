import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { PushedInstance } from '../wire/push-stream.ts';
import { InstanceTable } from './instance-table.ts';
import { SavedList } from './saved-list.ts';

const pushed = (id: string): PushedInstance => {
  return { id, service: 'stock', host: 'h', port: 1, status: 'UP', metadata: {} };
};

async function open(context: TestContext) {
  const parent = await mkdtemp(join(tmpdir(), 'dure-saved-'));
  context.after(() => rm(parent, { recursive: true }));
  const folder = join(parent, 'registry');
  const clock = fakeClock();
  const warnings: string[] = [];
  const { log } = silentTelemetry();
  const instances: PushedInstance[] = [];
  const list = new SavedList({
    folder,
    clock,
    log: { ...log, warn: (message) => void warnings.push(message) },
    instances: () => instances,
  });
  return { folder, file: join(folder, 'instances.json'), clock, warnings, instances, list };
}

test('what is saved is read again, and only its owner may read it', async (context) => {
  const { list, instances, clock, folder, file } = await open(context);
  instances.push(pushed('a'), pushed('b'));
  list.changed();
  list.changed();
  await clock.advance(1_000);
  await list.close();
  assert.deepEqual(await list.read(), [pushed('a'), pushed('b')]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(folder), ['instances.json'], 'no half-written file is left');
});

test('an empty list replaces nothing, and a list of yesterday is not used', async (context) => {
  const { list, instances, clock, file } = await open(context);
  instances.push(pushed('a'));
  list.changed();
  await clock.advance(1_000);
  await list.close();
  const before = await readFile(file, 'utf8');
  instances.pop();
  list.changed();
  await clock.advance(1_000);
  assert.equal(await readFile(file, 'utf8'), before);
  await clock.advance(24 * 60 * 60_000);
  assert.deepEqual(await list.read(), []);
});

test('no file is no news; a file that is broken is told of and not used', async (context) => {
  const { list, folder, file, warnings } = await open(context);
  assert.deepEqual(await list.read(), []);
  assert.deepEqual(warnings, []);
  await mkdir(folder);
  for (const text of ['{"savedAt": 1', '[]', '{"savedAt":1,"instances":[{"id":7}]}']) {
    await writeFile(file, text);
    assert.deepEqual(await list.read(), []);
  }
  assert.equal(warnings.length, 3);
});

test('a folder that cannot be written is told of, and nothing else happens', async (context) => {
  const { list, instances, clock, folder, warnings } = await open(context);
  await writeFile(folder, 'a file is in the way');
  instances.push(pushed('a'));
  list.changed();
  await clock.advance(1_000);
  await list.close();
  assert.equal(warnings.length, 1);
});

test('a restored list is used until the registry speaks, and then only what it names stays', () => {
  const table = new InstanceTable(fakeClock(), { ownMs: 5_000, renewingMs: 35_000 });
  table.restore([pushed('a'), pushed('b')]);
  assert.deepEqual(
    table.instances('stock').map(({ id }) => id),
    ['a', 'b'],
  );
  assert.equal(table.isVisible('stock'), false, 'nobody has seen them in this life');
  assert.deepEqual(table.pushed(), []);
  table.applySnapshot({ epoch: 'e', instances: [pushed('b'), pushed('c')] });
  assert.deepEqual(
    table
      .instances('stock')
      .map(({ id }) => id)
      .sort(),
    ['b', 'c'],
  );
  assert.equal(table.isVisible('stock'), true);
  table.restore([pushed('z')]);
  assert.equal(table.instances('stock').length, 2, 'too late');
});
