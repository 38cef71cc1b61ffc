import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message } from '@dure/messaging';
import { openAsker } from '@dure/messaging/asks';
import { askStoreContract, doIt } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import { openDatabase } from '../database.ts';
import { testDatabase } from '../testing/index.ts';

const clock = systemClock;
const makeIds = ids(clock, systemRandom);
const telemetry = silentTelemetry(makeIds);
const folder = `${import.meta.dirname}/../fixtures/counter`;
const open = (url: string) => openDatabase({ url, service: 'test', clock, ids: makeIds, telemetry });

askStoreContract('PostgreSQL', async () => {
  const database = await testDatabase({ folder });
  const db = open(database.url);
  return {
    ...db,
    now: () => clock.now(),
    async count(tx, name) {
      await sql`insert into counter (name, count) values (${name}, 1)
        on conflict (name) do update set count = counter.count + 1`.execute(tx.db);
    },
    async counted(name) {
      const { rows } = await sql<{ count: number }>`select count from counter where name = ${name}`.execute(db.read);
      return rows[0]?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
});

test('a hundred answers that two processes get reach those who asked, and waiting holds no connection', async () => {
  await using database = await testDatabase();
  await using one = open(database.url);
  await using other = open(database.url);
  const store = one.asks;
  await using asker = openAsker({ service: 'test', store, clock, telemetry });
  const { ask } = asker.asked({ ...doIt, output: undefined });
  const asking = Array.from({ length: 100 }, (_, at) => ask({ key: `k${at}` }, testCall()));
  const commands: Message[] = [];
  for (let after = 0; commands.length < 100; ) {
    const { messages, mark } = await other.log.read(after, { events: [], destination: 'other' }, 100);
    commands.push(...messages);
    after = mark;
  }
  const { rows } = await sql<{ many: number }>`select count(*) as many from pg_stat_activity
    where datname = current_database() and state = 'idle in transaction'`.execute(other.read);
  assert.equal(rows[0]?.many, 0);
  for (const [index, { id, type, key }] of commands.entries()) {
    const reply: Message = {
      position: index + 1,
      id: makeIds.uuid(),
      kind: 'reply',
      source: 'other',
      type,
      version: 1,
      key,
      destination: 'test',
      at: clock.now(),
      data: { ok: true, value: key },
      meta: { correlation: 'c', inReplyTo: id },
    };
    const db = index % 2 === 0 ? one : other;
    await db.deliveries.deliver(reply, testCall(), async (tx) => {
      assert.equal(await db.asks.settle(reply, tx), 'kept');
      return undefined;
    });
  }
  assert.deepEqual(
    await Promise.all(asking),
    Array.from({ length: 100 }, (_, at) => `k${at}`),
  );
});
