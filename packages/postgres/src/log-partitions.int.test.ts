import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ids, systemClock, systemRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { Client } from 'pg';
import type { DatabaseOptions } from './database.ts';
import { openDatabase } from './database.ts';
import { until } from './fixtures/until.ts';
import { dureSchemaFolder } from './migrations/migrate.ts';
import { testDatabase } from './testing/index.ts';

const old = Date.UTC(2020, 0, 1);

async function world(change: Partial<DatabaseOptions> = {}) {
  const database = await testDatabase();
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query('update dure.log_shape set width = 10');
  const db = openDatabase({
    url: database.url,
    service: 'test',
    clock: systemClock,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
    ...change,
  });
  const rows = async (text: string) => (await owner.query<Record<string, unknown>>(text)).rows;
  return {
    db,
    owner,
    database,
    rows,
    /** Appends straight away, at a time in the past. */
    append: (many: number, stream: string | null = null) =>
      owner.query(
        `insert into dure.log (at, kind, type, version, id, key, data, meta, stream, stream_version)
        select to_timestamp($1::float8 / 1000), 'e', 'test.noted', 1, gen_random_uuid(), 'k', '{}', '{}', $3::text,
          case when $3::text is not null then n end
        from generate_series(1, $2) n`,
        [old, many, stream],
      ),
    lowest: async () => Number((await rows('select min(pos) as pos from dure.log'))[0]?.pos ?? 0),
    roll: () => rows('select dure.roll_log() as made'),
    drop: async (readers: readonly string[] = [], before = old + 1, hasRelay = false) =>
      (
        await owner.query('select dropped from dure.drop_log(to_timestamp($1::float8 / 1000), $2, $3)', [
          before,
          readers,
          hasRelay,
        ])
      ).rows[0]?.dropped as number,
    /** As `drop`, but nobody holds what is older than `latest`; who had not had it. */
    dropAnyway: async (latest: number, readers: readonly string[] = []) =>
      (
        await owner.query(
          `select missed from dure.drop_log(to_timestamp($1::float8 / 1000), $2, true, to_timestamp($3::float8 / 1000))`,
          [old + 1, readers, latest],
        )
      ).rows[0]?.missed as readonly string[],
    async [Symbol.asyncDispose]() {
      await db.close();
      await owner.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Narrow partitions behind the wide first one, filled up to its end. */
async function narrow(it: Awaited<ReturnType<typeof world>>): Promise<void> {
  await it.rows(`select setval('dure.log_pos_seq', (select max(upper) - 1 from dure.log_partition))`);
  await fill(it, 35);
}

/** Appends as fast as partitions are made. */
async function fill(it: Awaited<ReturnType<typeof world>>, many: number, stream?: string): Promise<void> {
  for (let left = many; left > 0; left -= 5) {
    await it.roll();
    await it.append(Math.min(left, 5), stream);
  }
  await it.db.log.advance();
}

test('a log that was one table becomes its own first partition and keeps every row', async () => {
  await using it = await world();
  await it.append(3);
  const parent = await it.rows(`select relkind from pg_class where oid = 'dure.log'::regclass`);
  assert.equal(parent[0]?.relkind, 'p');
  assert.deepEqual(
    await it.rows('select tableoid::regclass::text as part, count(*)::int as many from dure.log group by 1'),
    [{ part: 'dure.log_from_0', many: 3 }],
  );
});

test('the conversion takes a filled log as it is', async () => {
  await using it = await world();
  // Back to what 0001 to 0010 leave, with rows in it.
  await it.owner.query(`
    drop function dure.roll_log, dure.drop_log, dure.log_slowest, dure.log_holders, dure.note_reader, dure.sweep_sagas, dure.guard_log;
    drop table dure.log, dure.log_shape, dure.log_partition, dure.log_reader;`);
  const first = await readFile(join(dureSchemaFolder, '0001-log.sql'), 'utf8');
  const table =
    /create table dure\.log \([\s\S]*?create unique index log_stream[^;]*;/.exec(first)?.[0] ?? assert.fail();
  await it.owner.query(table);
  await it.append(5, 's');
  await it.owner.query(await readFile(join(dureSchemaFolder, '0011-log-partitions.sql'), 'utf8'));
  assert.deepEqual(await it.rows('select count(*)::int as many from dure.log'), [{ many: 5 }]);
  await it.append(1);
  assert.deepEqual(await it.rows(`select max(stream_version)::int as last from dure.log where stream = 's'`), [
    { last: 5 },
  ]);
});

test('partitions are made ahead, once, whoever asks', async () => {
  await using it = await world();
  await narrow(it);
  await Promise.all([it.roll(), it.roll()]);
  const parts = await it.rows('select lower::int, upper::int from dure.log_partition order by lower');
  const [first] = await it.rows('select last_value::int as top from dure.log_pos_seq');
  assert.ok(Number(parts.at(-1)?.upper) >= Number(first?.top) + 30);
  for (const [index, { lower }] of parts.entries()) if (index > 0) assert.equal(lower, parts[index - 1]?.upper);
  assert.deepEqual(await it.roll(), [{ made: 0 }]);
});

test('appending makes the partitions to come, in the name of the service', async () => {
  const clock = fakeClock();
  await using it = await world({ clock });
  await it.rows(`select setval('dure.log_pos_seq', (select max(upper) - 5 from dure.log_partition))`);
  const before = (await it.rows('select max(upper) as edge from dure.log_partition'))[0]?.edge;
  await clock.advance(5_000);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  await until(
    'there are more',
    async () => (await it.rows('select max(upper) as edge from dure.log_partition'))[0]?.edge !== before,
  );
});

test('a commit that has run ahead of the partitions makes them and goes through', async () => {
  await using it = await world();
  await it.rows(`select setval('dure.log_pos_seq', (select max(upper) + 1000 from dure.log_partition))`);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  assert.deepEqual(await it.rows('select count(*)::int as many from dure.log'), [{ many: 1 }]);
});

test('what everybody is past and what is old enough goes, a partition at a time; a page from the floor on misses nothing', async () => {
  await using it = await world();
  await narrow(it);
  const start = await it.lowest();
  await it.drop([], old); // The wide ones at the beginning are empty.
  assert.equal(await it.drop([], old), 0, 'it is not old enough');
  await it.db.followers.open('f', start + 14);
  assert.ok((await it.drop()) >= 1);
  const floor = await it.db.log.asked('reader', 0);
  assert.ok(floor > start && floor <= start + 14, `${floor} is up to where the follower is`);
  assert.equal(await it.lowest(), floor + 1);
  const { messages } = await it.db.log.read(floor, 'all', 100);
  assert.equal(messages[0]?.position, floor + 1);
});

test('a reader that may still ask, or has never asked, holds the log; one that is named no more does not', async () => {
  await using it = await world();
  await narrow(it);
  const start = await it.lowest();
  assert.equal(await it.drop(['silent']), 0);
  assert.equal(await it.db.log.asked('slow', start), 0);
  const first = await it.drop(['slow']);
  assert.ok((await it.lowest()) <= start + 1);
  assert.equal(await it.db.log.asked('slow', start + 25), await it.db.log.asked('slow', start + 25));
  assert.ok((await it.drop(['slow'])) + first >= 2);
});

test('a projection that is behind holds the log; one that is always up to date does not', async () => {
  await using it = await world();
  await narrow(it);
  const start = await it.lowest();
  const behind = (mode: string, state: string) =>
    it.owner.query(
      `insert into dure.projection (name, version, run, mode, state, table_name, pos) values ($1, 1, 1, $1, $2, 't', 0)`,
      [mode, state],
    );
  await behind('async', 'building');
  assert.equal(await it.drop(), 0);
  await it.rows('delete from dure.projection');
  await behind('inline', 'active');
  await it.drop();
  assert.ok((await it.lowest()) > start);
});

test('a relay holds what it has not published, where there is one', async () => {
  await using it = await world();
  await narrow(it);
  const start = await it.lowest();
  assert.equal(await it.drop([], old + 1, true), 0, 'it has published nothing yet');
  assert.ok((await it.db.relay.claim('me', 60_000)) !== undefined);
  assert.ok(await it.db.relay.move('me', { position: start + 14, heads: {} }, 60_000));
  assert.ok((await it.drop([], old + 1, true)) >= 1);
  assert.ok((await it.lowest()) <= start + 15);
  await it.drop();
  assert.ok((await it.lowest()) > start + 15, 'where there is none any more, its mark holds nothing');
});

test('nobody holds what is older than the longest time, and who missed it is told', async () => {
  await using it = await world();
  await narrow(it);
  const start = await it.lowest();
  await it.db.followers.open('gone', 0);
  await it.db.followers.open('present', start + 1_000);
  assert.deepEqual(await it.dropAnyway(old), [], 'it is not old enough');
  assert.equal(await it.lowest(), start);
  assert.deepEqual(await it.dropAnyway(old + 1, ['silent']), ['the follower gone', 'the relay', 'the service silent']);
  assert.ok((await it.lowest()) > start);
});

test('who keeps old messages is warned of and measured', async () => {
  const clock = fakeClock(old + 100_000);
  const telemetry = memoryTelemetry();
  const retention = { messagesMs: 60_000, sagasMs: 60_000, readers: [], longestMs: 500_000 };
  await using it = await world({ clock, telemetry, retention });
  await narrow(it);
  await it.db.followers.open('slow', 0);
  const start = await it.lowest();
  const append = async () => {
    await clock.advance(60_000);
    await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  };
  const said = (what: RegExp) => telemetry.lines.some((line) => what.test(line));
  await append();
  await until('it is warned', async () => said(/old messages are kept.*the follower slow/));
  assert.equal(await it.lowest(), start);
  assert.match(telemetry.metrics.prometheus(), /messaging_log_waits_seconds 160/);
  await clock.advance(500_000);
  await append();
  await until('it is told who missed it', async () =>
    said(/were dropped that not everybody had had.*the follower slow/),
  );
  assert.ok((await it.lowest()) > start);
});

test('messages of a type that is kept longer stay, and all that follows them; those before them go', async () => {
  const clock = fakeClock(old + 100_000);
  const retention = {
    messagesMs: 60_000,
    messagesOfMs: { rare: 300_000, 'test.noted': 1 },
    sagasMs: 60_000,
    readers: [],
  };
  await using it = await world({ clock, retention });
  await narrow(it);
  const start = await it.lowest();
  await it.rows(`insert into dure.log (at, kind, type, version, id, key, data, meta)
    select to_timestamp(${old} / 1000.0), 'e', 'rare', 1, gen_random_uuid(), 'k', '{}', '{}' returning pos`);
  const rare = Number((await it.rows(`select pos from dure.log where type = 'rare'`))[0]?.pos);
  await fill(it, 35);
  const append = async (afterMs: number) => {
    await clock.advance(afterMs);
    await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  };
  await append(60_000);
  await until('what is before it has gone', async () => (await it.lowest()) > start);
  await until('and nothing else', async () => (await it.lowest()) > rare - 10);
  assert.ok((await it.lowest()) <= rare);
  await append(60_000);
  await append(200_000);
  await until('it has gone in its time', async () => (await it.lowest()) > rare);
});

test('what is kept for ever is, whatever its age', async () => {
  const clock = fakeClock(old + 1e12);
  const retention = {
    messagesMs: 1,
    messagesOfMs: { 'test.noted': Number.POSITIVE_INFINITY },
    sagasMs: 1,
    readers: [],
  };
  const telemetry = memoryTelemetry();
  await using it = await world({ clock, retention, telemetry });
  await narrow(it);
  const start = await it.lowest();
  await clock.advance(60_000);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  const [{ lower } = { lower: 0 }] = await it.rows('select min(lower)::int as lower from dure.log_partition');
  await until('the empty ones before it have gone', async () => (await it.db.log.asked('r', 1e6)) >= Number(lower));
  assert.equal(await it.lowest(), start);
});

test('events of streams are kept, whatever their age', async () => {
  await using it = await world();
  await it.rows(`select setval('dure.log_pos_seq', (select max(upper) - 1 from dure.log_partition))`);
  await fill(it, 10, 'cart-1');
  await fill(it, 30);
  const start = await it.lowest();
  await it.drop();
  assert.equal(await it.lowest(), start);
});

test('the role of the service can neither change nor go around the log', async () => {
  await using it = await world();
  await it.roll();
  const runtime = new Client({ connectionString: it.database.url });
  await runtime.connect();
  try {
    for (const text of [
      `update dure.log set type = 'x'`,
      'delete from dure.log',
      'truncate dure.log',
      'delete from dure.log_from_0',
      'drop table dure.log_from_0',
    ])
      await assert.rejects(runtime.query(text), /permission denied|must be owner/, text);
    const parts = await it.rows('select name from dure.log_partition');
    for (const { name } of parts) await assert.rejects(runtime.query(`delete from dure.${name}`), /permission denied/);
  } finally {
    await runtime.end();
  }
});

test('sagas that ended long ago, and what is remembered of their steps, are forgotten', async () => {
  await using it = await world();
  const saga = (id: number, finished: string | null) =>
    it.owner.query(
      `insert into dure.saga (id, name, version, shape, key, state, phase, status, input, steps, traceparent, correlation,
        started_at, finished_at)
      values ($1::uuid, 's', 1, '', $1::text, 'completed', 'forward', 'finished', '{}', '[]', '', '', now(), $2)`,
      [`01930000-0000-7000-8000-00000000000${id}`, finished],
    );
  await saga(1, '2020-01-01');
  await saga(2, null);
  await saga(3, '2026-01-01');
  await it.owner.query(
    `insert into dure.saga_fence (saga_id, step, at) select id, 'x', coalesce(finished_at, now()) from dure.saga`,
  );
  await it.owner.query(`insert into dure.saga_history (saga_id, at, what) select id, now(), 'began' from dure.saga`);
  await it.owner.query(`select dure.sweep_sagas('2021-01-01', 10)`);
  for (const table of ['saga', 'saga_fence', 'saga_history'])
    assert.deepEqual(await it.rows(`select count(*)::int as many from dure.${table}`), [{ many: 2 }], table);
});

test('finished sagas of a name may be kept for another time, which may change, and many are forgotten in batches', async () => {
  const clock = fakeClock();
  let sagasOfMs: Readonly<Record<string, number>> = { brief: 120_000 };
  const retention = {
    messagesMs: 60_000,
    sagasMs: 86_400_000,
    get sagasOfMs() {
      return sagasOfMs;
    },
    readers: [],
  };
  await using it = await world({ clock, retention });
  const ended = (name: string, many: number, agoMs: number) =>
    it.owner.query(
      `insert into dure.saga (id, name, version, shape, key, state, phase, status, input, steps, traceparent, correlation,
        started_at, finished_at)
      select gen_random_uuid(), $1, 1, '', n::text, 'completed', 'forward', 'finished', '{}', '[]', '', '', now(),
        to_timestamp($3::float8 / 1000) from generate_series(1, $2::int) n`,
      [name, many, clock.now() - agoMs],
    );
  await ended('brief', 2_500, 61_000);
  await ended('brief', 1, 0);
  await ended('other', 3, 61_000);
  await clock.advance(60_000);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  const left = () => it.rows('select name, count(*)::int as many from dure.saga group by name order by name');
  await until('all that ended long enough ago are forgotten', async () => (await left())[0]?.many === 1);
  assert.deepEqual(await left(), [
    { name: 'brief', many: 1 },
    { name: 'other', many: 3 },
  ]);
  sagasOfMs = { brief: 86_400_000, other: 60_000 };
  await clock.advance(60_000);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  await until('what is kept for a shorter time now is forgotten', async () => (await left()).length === 1);
  assert.deepEqual(await left(), [{ name: 'brief', many: 1 }]);
});

test('a database that keeps messages for a while drops them by itself', async () => {
  const clock = fakeClock();
  await using it = await world({ clock, retention: { messagesMs: 60_000, sagasMs: 60_000, readers: [] } });
  await it.rows(`select setval('dure.log_pos_seq', (select max(upper) - 1 from dure.log_partition))`);
  await fill(it, 35);
  const start = await it.lowest();
  await clock.advance(60_000);
  await it.db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  await until('the oldest has gone', async () => (await it.lowest()) > start);
});
