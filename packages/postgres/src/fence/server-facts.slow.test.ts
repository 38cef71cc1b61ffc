import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, systemClock, systemRandom } from '@dure/core';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.ts';
import { serverFacts } from './server-facts.ts';

test('a standby is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-standby-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  await chmod(folder, 0o711); // As root the server runs as another user.
  const options = { folder, clock: systemClock, random: systemRandom, durable: false };
  const primary = await startEmbeddedPostgres(options);
  await primary.stop();
  await writeFile(join(primary.dataFolder, 'standby.signal'), '');
  // One that takes no writes never counts as started; until that is noticed it can be asked.
  const { promise: readable, resolve } = Promise.withResolvers<void>();
  const log = (line: string) => {
    if (line.includes('ready to accept read-only connections')) resolve();
  };
  const starting = startEmbeddedPostgres({ ...options, port: primary.port, log, startTimeoutMs: 15_000 });
  starting.catch(() => undefined);
  await readable;
  await assert.rejects(serverFacts(primary.adminUrl), (error) => {
    assert.equal(codeOf(error), 'POSTGRES_SERVER_UNFIT');
    assert.match(String(error), /is a standby, which takes no writes/);
    return true;
  });
  await assert.rejects(starting, (error) => codeOf(error) === 'POSTGRES_START_FAILED');
});
