import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, ids, messageOf, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { deposited } from '@dure/event-sourcing/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { openDatabase } from '../database.ts';
import { migrate } from '../migrations/migrate.ts';
import { provisionDatabases } from '../provisioning/provision-databases.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

const megabytes = 192;
const place = mkdtempSync(join(tmpdir(), 'dure-full-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place]).status === 0;

test(`on a disk that is full, for data and then for its own log, nothing is acknowledged that is not kept, and work goes on when there is room again`, {
  skip: isMounted ? false : 'a small file system cannot be mounted here',
}, async (context) => {
  chmodSync(place, 0o711);
  mkdirSync(join(place, 'room'));
  // Far from a checkpoint, so that the log of the server fills what is left.
  const settings = { max_wal_size: '4GB', checkpoint_timeout: '1h', min_wal_size: '32MB' };
  const kit = { clock: systemClock, random: systemRandom };
  const start = () => startEmbeddedPostgres({ folder: join(place, 'state'), ...kit, settings });
  let server = await start();
  const databases = [{ service: 'test', ownerPassword: 'p', password: 'p' }];
  const [made] = await provisionDatabases({ adminUrl: server.adminUrl, databases, random: systemRandom });
  await migrate({ url: made?.ownerUrl ?? '', service: 'test', seeds: false, clock: systemClock });
  const { bavail, bsize } = statfsSync(place);
  const ballast = Math.max(bavail * bsize - 24 * 2 ** 20, 0);
  writeFileSync(join(place, 'room', 'ballast'), Buffer.alloc(ballast, 1));
  await using db = openDatabase({
    url: made?.url ?? '',
    service: 'test',
    ...kit,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
  });
  const acknowledged: number[] = [];
  const refused = new Map<string, number>();
  const account = 'x'.repeat(5_000);
  const write = (number: number) =>
    db.uow(testCall(), async (tx) => {
      for (let copy = 0; copy < 20; copy += 1) tx.emit(deposited, { account: `${account}${copy}`, amount: number });
    });
  for (let number = 1; number <= 2_000 && refused.size === 0; number += 1) {
    try {
      await write(number);
      acknowledged.push(number);
    } catch (error) {
      const code = codeOf(error) ?? 'none';
      refused.set(code, (refused.get(code) ?? 0) + 1);
    }
  }
  assert.ok(refused.size > 0, 'the disk was never full');
  const { status, details } = await db.health.check();
  assert.deepEqual([status, details?.reason], ['DOWN', 'disk-full'], JSON.stringify(details));
  context.diagnostic(
    `${acknowledged.length} acknowledged, then ${[...refused]}; health ${status} ${JSON.stringify(details)}`,
  );
  const fallen = await fillServerLog(db);
  const silent = await db.health.check();
  assert.deepEqual([silent.status, silent.details?.reason], ['DOWN', 'disk-full'], JSON.stringify(silent.details));
  context.diagnostic(`its own log is full: ${fallen}; health ${silent.status} ${JSON.stringify(silent.details)}`);
  rmSync(join(place, 'room', 'ballast'));
  const ended = await Promise.race([server.exited.then(() => true), wait(systemClock, 3_000).then(() => false)]);
  if (ended) server = await start(); // As the supervisor does.
  for (let tries = 0; ; tries += 1) {
    const again = await write(9_999).then(
      () => true,
      () => false,
    );
    if (again) break;
    assert.ok(tries < 200, 'it does not write again');
    await wait(systemClock, 100);
  }
  for (let tries = 0; (await db.health.check()).status !== 'UP'; tries += 1) {
    assert.ok(tries < 200, 'its health does not recover');
    await wait(systemClock, 100);
  }
  const seen = new Set<number>();
  const end = await db.log.advance();
  for (let after = 0; after < end; ) {
    const page = await db.log.read(after, 'all', 500, end);
    for (const { data } of page.messages) seen.add((data as { amount: number }).amount);
    after = page.mark;
  }
  for (const number of acknowledged) assert.ok(seen.has(number), `${number} was acknowledged and is gone`);
  context.diagnostic(
    `all ${acknowledged.length} are there, and it writes again${ended ? ', after the server was started again' : ''}`,
  );
  await db.close();
  await server.stop();
});

/** Writes nothing but the server's own log until that finds no room either; how the last try failed. */
async function fillServerLog(db: Database): Promise<string> {
  for (let tries = 0; tries < 64; tries += 1) {
    const failure = await db
      .uow(testCall(), (tx) =>
        sql`select pg_logical_emit_message(false, 'test', repeat('x', 1048576), true)`.execute(tx.db),
      )
      .then(
        () => undefined,
        (error: unknown) => `${codeOf(error)} ${messageOf(error)}`,
      );
    if (failure !== undefined) return failure;
  }
  return assert.fail('the log of the server was never full');
}

test('the file system is given back', { skip: !isMounted }, () => {
  assert.equal(spawnSync('umount', [place]).status, 0);
  rmSync(place, { recursive: true });
});
