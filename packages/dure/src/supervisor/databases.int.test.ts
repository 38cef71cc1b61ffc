import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock as clock, codeOf, systemRandom as random } from '@dure/core';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { prepareDatabases } from './databases.ts';

test('a service whose role can reach the database of another one does not start, and nobody else is kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-databases-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  await chmod(folder, 0o711); // As root the server runs as another user.
  const [careless, other] = [join(folder, 'careless'), join(folder, 'other')];
  for (const service of [careless, other]) await mkdir(join(service, 'migrations'), { recursive: true });
  await writeFile(join(careless, 'migrations', '0001-share.sql'), 'grant connect on database careless to other;');
  const databases = new Map([
    ['careless', careless],
    ['other', other],
  ]);
  await using server = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    clock,
    random,
    durable: false,
    removeOnStop: true,
  });
  const prepare = () => prepareDatabases({ adminUrl: server.adminUrl, databases, keysFolder: folder, clock, random });
  await Promise.allSettled((await prepare()).values()); // Which of the two is ready first is left open.
  const again = await prepare();
  assert.match((await again.get('careless')) ?? '', /careless/);
  await assert.rejects(again.get('other') ?? Promise.resolve(), (error) => {
    assert.equal(codeOf(error), 'POSTGRES_NOT_ISOLATED');
    assert.match(String(error), /connect to the database careless/);
    return true;
  });
});
