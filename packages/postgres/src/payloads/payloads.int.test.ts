import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { asideBytes, redeemed } from '@dure/messaging';
import { largeNoted, payloadStoreContract } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import { openDatabase } from '../database.ts';
import { testDatabase } from '../testing/index.ts';
import { wholeWithin } from './postgres-payload-store.ts';

const clock = systemClock;
const makeIds = ids(clock, systemRandom);
const telemetry = silentTelemetry(makeIds);
const folder = `${import.meta.dirname}/../fixtures/counter`;
const open = (url: string) => openDatabase({ url, service: 'test', clock, ids: makeIds, telemetry });

payloadStoreContract('PostgreSQL', async () => {
  const database = await testDatabase({ folder });
  const db = open(database.url);
  return {
    ...db,
    async count(tx, name) {
      await sql`insert into counter (name, count) values (${name}, 1)
        on conflict (name) do update set count = counter.count + 1`.execute(tx.db);
    },
    async counted() {
      return 0;
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
});

const text = '두레'.repeat(asideBytes);

test('large data are there once, are seen by live views and within a transaction, and go with the last message that claims them', async () => {
  await using database = await testDatabase({ folder });
  await using db = open(database.url);
  const stop = new AbortController();
  const live = db.changes({ events: ['test.largeNoted'], destination: undefined }, stop.signal)[Symbol.asyncIterator]();
  const first = live.next();
  await db.uow(testCall(), async (tx) => {
    tx.emit(largeNoted, { key: 'a', text });
    tx.schedule('later', { afterMs: 3_600_000 }, largeNoted, { key: 'b', text: `${text}!` });
  });
  assert.deepEqual((await first).value?.data, { key: 'a', text });
  stop.abort();
  const [message] = (await db.log.read(0, 'all', 1)).messages;
  const within = await db.uow(testCall(), (tx) => wholeWithin(message ?? assert.fail(), tx));
  assert.deepEqual(within.data, { key: 'a', text });
  const { rows } = await sql<{ whole: { text: string }; kept: number }>`
    select dure.whole_data(data, meta) as whole, (select count(*) from dure.payload) as kept from dure.log`.execute(
    db.read,
  );
  assert.deepEqual([rows[0]?.whole.text === text, rows[0]?.kept], [true, 2]);

  const sweep = async () =>
    (
      await sql<{ swept: number }>`select dure.sweep_payloads(dure.now() + interval '1 hour', 10) as swept`.execute(
        db.read,
      )
    ).rows[0]?.swept;
  assert.equal(await sweep(), 0, 'a message and a timer claim them');
  await db.uow(testCall(), async (tx) => tx.unschedule('later'));
  assert.equal(await sweep(), 1);
  assert.deepEqual(
    (await redeemed(message ?? assert.fail(), db.payloads.read(message?.meta.claim ?? assert.fail()))).data,
    { key: 'a', text },
  );
});

test('data that are not what was put aside are refused', async () => {
  await using database = await testDatabase({ folder });
  await using db = open(database.url);
  await db.uow(testCall(), async (tx) => tx.emit(largeNoted, { key: 'a', text }));
  const [message] = (await db.log.read(0, 'all', 1)).messages;
  const read = () => redeemed(message ?? assert.fail(), db.payloads.read(message?.meta.claim ?? assert.fail()));
  await db.uow(testCall(), async (tx) => {
    await sql`update dure.payload_chunk set chunk = replace(chunk, '두', '둘') where n = 0`.execute(tx.db);
  });
  await assert.rejects(read(), { code: 'MESSAGING_CLAIM_BROKEN' });
  await db.uow(testCall(), async (tx) => {
    await sql`delete from dure.payload_chunk where n = 0`.execute(tx.db);
  });
  await assert.rejects(read(), { code: 'MESSAGING_CLAIM_GONE' });
});
