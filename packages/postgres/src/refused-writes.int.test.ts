import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import { noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './fixtures/counter-kit.ts';
import { count, counted, database, fails, kill, open, pidOf } from './fixtures/counter-kit.ts';
import { connected } from './provisioning/connect.ts';

const write = (db: Database<Tables>) => db.uow(testCall(), (tx) => count(tx, 'a'));

/** New sessions of the database are read-only, or not any more, and the one that there is ends. */
async function makeReadOnly(db: Database<Tables>, isReadOnly: boolean): Promise<void> {
  const name = decodeURIComponent(new URL(database.url).pathname.slice(1));
  const pid = await db.uow(testCall(), pidOf);
  await connected(database.ownerUrl, async (owner) => {
    await owner.query('set transaction_read_only = off; set default_transaction_read_only = off');
    await owner.query(`alter database "${name}" set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
  });
  await kill(pid);
}

test('a database that is read-only says so in its health and to whoever writes, and goes on without a restart', async () => {
  await using db = open({ poolSize: 1 });
  await write(db);
  await makeReadOnly(db, true);
  try {
    await assert.rejects(write(db), fails('POSTGRES_WRITES_REFUSED'));
    await assert.rejects(
      db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 })),
      fails('POSTGRES_WRITES_REFUSED'),
    );
    const { status, details } = await db.health.check();
    assert.deepEqual([status, details?.reason], ['DOWN', 'read-only']);
    assert.equal(await counted('a'), 1, 'reading goes on');
  } finally {
    await makeReadOnly(db, false);
  }
  await write(db);
  assert.equal(await counted('a'), 2);
  assert.equal((await db.health.check()).status, 'UP');
});

test('a write that finds the disk full is refused by a code of its own, and the health says why', async () => {
  await using db = open();
  const raise = sql`do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$`;
  await assert.rejects(
    db.uow(testCall(), async (tx) => {
      await count(tx, 'a');
      await raise.execute(tx.db);
    }),
    (error: Error) => {
      assert.match(error.message, /takes no writes \(disk-full\): No space left on device; nothing was committed/);
      return fails('POSTGRES_WRITES_REFUSED')(error);
    },
  );
  const { status, details } = await db.health.check();
  assert.deepEqual([status, details?.reason, details?.error], ['DOWN', 'disk-full', 'No space left on device']);
  assert.equal(await counted('a'), 0);
});
