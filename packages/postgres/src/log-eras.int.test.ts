import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { localFeed } from '@dure/messaging/feed';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { backup } from './fixtures/backup.ts';
import { connected } from './provisioning/connect.ts';
import { testDatabase } from './testing/test-database.ts';

const clock = systemClock;
const grant = { events: ['test.noted'], addressed: false };

function open(url: string): Database {
  return openDatabase({ url, service: 'test', clock, ids: ids(clock, systemRandom), telemetry: silentTelemetry() });
}

async function note(db: Database, ...counts: readonly number[]): Promise<void> {
  for (const count of counts) await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count }));
}

/** Opens the feed as a consumer that is at a position does, and tells the era that it is given. */
async function begin({ log, tail }: Database, after: number, era?: string): Promise<string | undefined> {
  const feed = localFeed({ source: 'test', as: 'other', log, tail, grant });
  for await (const page of feed.open(after, new AbortController().signal, era)) return page.era;
  return undefined;
}

test('a log restored from a backup tells whoever has read what it lost, however far it has grown since', async () => {
  await using database = await testDatabase();
  const before = open(database.url);
  await note(before, 1, 2, 3);
  const first = await begin(before, 0);
  assert.ok(first !== undefined);
  await before.close();
  await using copy = await backup(database.url);
  {
    await using original = open(database.url);
    assert.equal(await begin(original, 3, first), first, 'the same run is the same era, whichever process asks');
    await note(original, 4, 5);
    assert.equal(await begin(original, 5, first), first);
  }
  await using restored = open(copy.url);
  const ahead = (error: unknown) => codeOf(error) === 'MESSAGING_FEED_AHEAD' && /up to 3, and what/.test(String(error));
  const second = await begin(restored, 3, first);
  assert.notEqual(second, first);
  await note(restored, 14, 15, 16);
  await assert.rejects(begin(restored, 5, first), ahead);
  await assert.rejects(begin(restored, 4, first), ahead);
  assert.equal(await begin(restored, 3, first), second, 'who has read what both have goes on');
  assert.equal(await begin(restored, 6, second), second);
});

test('processes that look at once after a restart agree on one era', async () => {
  await using database = await testDatabase();
  await using one = open(database.url);
  await note(one, 1, 2);
  await one.log.advance();
  await connected(database.ownerUrl, (owner) => owner.query(`update dure.fence_mark set run = 'an earlier one'`));
  const others = [open(database.url), open(database.url), open(database.url)];
  await Promise.all(others.map((db) => db.log.advance()));
  assert.equal(new Set(others.map((db) => db.log.era())).size, 1);
  assert.notEqual(others[0]?.log.era(), one.log.era());
  assert.equal(await one.log.endOf(one.log.era() ?? ''), 2);
  await Promise.all(others.map((db) => db.close()));
});

test('leases end with the run of the server in which they were given, and positions are those of the database', async () => {
  await using database = await testDatabase();
  await using db = open(database.url);
  const { followers, relay } = db;
  await followers.open('f', 0);
  const lease = (await followers.claim('f', 'me', 60_000)) ?? assert.fail();
  assert.equal(await followers.apply(lease, 5, 60_000, testCall(), async () => undefined), 'applied');
  assert.ok((await relay.claim('me', 60_000)) !== undefined);
  assert.ok(await relay.move('me', { position: 5, heads: {} }, 60_000));
  await connected(database.ownerUrl, async (owner) => {
    await owner.query(`update dure.follower_lane set run = 'earlier', pos = 3`);
    await owner.query(`update dure.relay set run = 'earlier', pos = 3`);
  });
  const held = { ...lease, position: 9 };
  assert.equal(await followers.apply(held, 9, 60_000, testCall(), async () => undefined), 'lost');
  assert.equal(await followers.split(held), undefined);
  await followers.release(held);
  const { lanes } = await followers.beat('f', 'me', [held], 60_000);
  assert.deepEqual(
    lanes.map(({ owner, position, epoch }) => [owner, position, epoch > lease.epoch]),
    [[undefined, 3, true]],
  );
  assert.equal((await followers.claim('f', 'me', 60_000))?.position, 3);
  assert.equal(await relay.move('me', { position: 9, heads: {} }, 60_000), false);
  assert.equal((await relay.claim('other', 60_000))?.position, 3);
});

test('a process whose database went back while it ran is not ready any more, and says why', async () => {
  await using database = await testDatabase();
  await using db = open(database.url);
  const over = new AbortController();
  const pages = db.tail.follow(0, { events: ['test.noted'], destination: undefined }, over.signal);
  const next = pages[Symbol.asyncIterator]().next();
  await note(db, 1, 2);
  await next;
  assert.equal((await db.health.check()).status, 'UP');
  const gone = assert.rejects(Array.fromAsync(pages), (error) => codeOf(error) === 'MESSAGING_LOG_WENT_BACK');
  await connected(database.ownerUrl, async (owner) => {
    // At once, and between two looks at the log: one that is under way would move the mark forward again.
    await owner.query(`begin; select pg_advisory_xact_lock(7002, 0); select setval('dure.log_pos_seq', 1, false);
      delete from dure.fence_closed; update dure.fence_mark set safe = 0; commit`);
  });
  await gone;
  const { status, details } = await db.health.check();
  assert.equal(status, 'DOWN');
  assert.match(String(details?.error), /the log ends at 0, but this process has read it up to/);
});
