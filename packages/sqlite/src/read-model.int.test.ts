import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message } from '@dure/messaging';
import { foreignMessage } from '@dure/messaging/testing';
import type { ReadModelFile } from './read-model-file.ts';
import { openReadModel } from './read-model-file.ts';
import { readModel } from './resource.ts';

const { schema } = readModel('create table counter (name text primary key, count integer not null) strict');

async function scratch() {
  const folder = await mkdtemp(join(tmpdir(), 'dure-sqlite-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const open = (folder: string, change: { schema?: string; name?: string } = {}) =>
  openReadModel({ folder, name: 'search', schema, ...change });

const count = (file: ReadModelFile, message: Message, fails = false) =>
  file.deliveries.deliver(message, testCall(), async (tx) => {
    tx.run(`insert into counter values ('a', 1) on conflict do update set count = count + 1`);
    await Promise.resolve();
    if (fails) throw new TypeError('not now');
    return undefined;
  });
const counted = (file: ReadModelFile) => file.read.first('select count from counter')?.count ?? 0;

test('a message is applied once, however often and by however many processes it is delivered', async () => {
  await using place = await scratch();
  await using one = open(place.folder);
  await using other = open(place.folder);
  const outcomes = [];
  for (const file of [one, other, one]) outcomes.push(await count(file, foreignMessage({ position: 5 })));
  assert.deepEqual(outcomes, ['applied', 'duplicate', 'duplicate']);
  assert.equal(await count(other, foreignMessage({ position: 3 })), 'duplicate');
  assert.equal(await count(other, foreignMessage({ position: 2, source: 'another' })), 'applied');
  assert.deepEqual([counted(one), counted(other)], [2, 2]);
  assert.deepEqual([await one.deliveries.position('other'), await one.deliveries.position('third')], [5, 0]);
});

test('rivals that apply one message at the same moment take turns, and one succeeds', async () => {
  await using place = await scratch();
  await using file = open(place.folder);
  const outcomes = await Promise.all([1, 2, 3].map(() => count(file, foreignMessage())));
  assert.deepEqual(outcomes, ['applied', 'duplicate', 'duplicate']);
  assert.equal(counted(file), 1);
});

test('an effect that fails leaves nothing, not even for a reader in between, and the next try applies', async () => {
  await using place = await scratch();
  await using file = open(place.folder);
  const failing = count(file, foreignMessage(), true);
  await Promise.resolve();
  assert.equal(counted(file), 0);
  await assert.rejects(failing, /not now/);
  assert.equal(await file.deliveries.position('other'), 0);
  assert.equal(await count(file, foreignMessage()), 'applied');
  assert.equal(counted(file), 1);
});

test('skipping moves a position forward and never back', async () => {
  await using place = await scratch();
  await using file = open(place.folder);
  await file.deliveries.skipTo('other', 9);
  await file.deliveries.skipTo('other', 4);
  assert.equal(await file.deliveries.position('other'), 9);
});

test('a file outlives its process; another schema begins anew beside it, and the one before the last is removed', async () => {
  await using place = await scratch();
  {
    await using file = open(place.folder);
    await count(file, foreignMessage());
  }
  {
    await using file = open(place.folder);
    assert.equal(counted(file), 1);
    await using second = open(place.folder, { schema: `${schema}; create table more (x)` });
    assert.equal(counted(second), 0);
    assert.equal(await second.deliveries.position('other'), 0);
    assert.equal(counted(file), 1);
  }
  const files = async () => (await readdir(place.folder)).filter((name) => name.endsWith('.db'));
  const [first, second] = await files();
  assert.equal((await files()).length, 2);
  await utimes(join(place.folder, first ?? ''), 1, 1);
  await using third = open(place.folder, { schema: `${schema}; create table most (x)` });
  await using neighbour = open(place.folder, { name: 'search-2' });
  assert.equal(counted(third), counted(neighbour));
  const left = await files();
  assert.deepEqual([left.includes(first ?? ''), left.includes(second ?? ''), left.length], [false, true, 3]);
});

test('a broken file is begun anew', async () => {
  await using place = await scratch();
  const name = await (async () => {
    await using file = open(place.folder);
    await count(file, foreignMessage());
    return (await readdir(place.folder)).find((entry) => entry.endsWith('.db')) ?? '';
  })();
  await writeFile(join(place.folder, name), 'this is no database, and never was one');
  await using file = open(place.folder);
  assert.equal(counted(file), 0);
  assert.equal((await file.health.check()).status, 'UP');
});

test('readers change nothing', async () => {
  await using place = await scratch();
  await using file = open(place.folder);
  assert.throws(() => file.read.all(`insert into counter values ('b', 1) returning 1`), /readonly/);
});

test('what is wrong with a schema, a folder or a command is told', async () => {
  await using place = await scratch();
  const fails = (code: string, text: RegExp) => (error: Error) => codeOf(error) === code && text.test(error.message);
  assert.throws(
    () => open(place.folder, { schema: 'create tabel x' }),
    fails('SQLITE_SCHEMA_INVALID', /search.*tabel/),
  );
  await writeFile(join(place.folder, 'file'), '');
  assert.throws(() => open(join(place.folder, 'file')), fails('SQLITE_FILE_UNUSABLE', /search.*file/));
  await using file = open(place.folder);
  const command = foreignMessage({ kind: 'command', type: 'search.forget', destination: 'search' });
  await assert.rejects(count(file, command), fails('SQLITE_REPLY_UNSUPPORTED', /search\.forget/));
});

test('after closing nothing is applied', async () => {
  await using place = await scratch();
  const file = open(place.folder);
  await file.close();
  await file.close();
  await assert.rejects(count(file, foreignMessage()), (error) => codeOf(error) === 'SQLITE_FILE_UNUSABLE');
  assert.equal((await file.health.check()).status, 'DOWN');
});

test('the era of a source is remembered, also in a file of a release that knew of none', async () => {
  await using place = await scratch();
  {
    await using file = open(place.folder);
    await count(file, foreignMessage({ position: 5 }));
    await file.deliveries.enterEra('other', 'first');
    await file.deliveries.enterEra('other', 'second');
    assert.deepEqual([await file.deliveries.era('other'), await file.deliveries.era('another')], ['second', undefined]);
  }
  const [name = ''] = (await readdir(place.folder)).filter((one) => one.endsWith('.db'));
  const old = new DatabaseSync(join(place.folder, name));
  old.exec('drop table dure_era');
  old.close();
  await using file = open(place.folder);
  assert.deepEqual([await file.deliveries.era('other'), await file.deliveries.position('other')], [undefined, 5]);
});
