import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, randomInteger, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message } from '@dure/messaging';
import { logTail } from '@dure/messaging';
import { localFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { FollowerOptions } from '@dure/messaging/followers';
import { startFollower } from '@dure/messaging/followers';
import { startReplayer } from '@dure/messaging/replay';
import { noted, replayStoreContract } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { openDatabase } from '../database.ts';
import { until } from '../fixtures/until.ts';
import { testDatabase } from '../testing/index.ts';
import type { Tx } from '../transaction.ts';

const clock = systemClock;
const makeIds = ids(clock, systemRandom);
const telemetry = silentTelemetry(makeIds);
const who = { by: 'sora', why: 'the totals were wrong', at: 5_000 };
const folder = `${import.meta.dirname}/../fixtures/counter`;
const open = (url: string, service: string) => openDatabase({ url, service, clock, ids: makeIds, telemetry });

replayStoreContract('PostgreSQL', async () => {
  const database = await testDatabase({ folder });
  const db = open(database.url, 'test');
  return {
    ...db,
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

/** A database that notes what its reactions `sum` and `tell` see, in the order in which it is committed for each key. */
async function consumer(service: string) {
  const database = await testDatabase({ folder: `${import.meta.dirname}/../fixtures/seen` });
  const db = open(database.url, service);
  const see = (tx: Tx, reaction: string, { key, data }: Message) =>
    sql`insert into seen (reaction, key, count) values (${reaction}, ${key}, ${(data as { count: number }).count})`.execute(
      tx.db,
    );
  const react = async (message: Message, tx: Tx) => {
    if (!(await db.replays.holdBack('sum', message, tx))) await see(tx, 'sum', message);
    await see(tx, 'tell', message);
  };
  const seen = async (reaction: string) => {
    const { rows } = await sql<{
      key: string;
      count: number;
    }>`select key, count from seen where reaction = ${reaction} order by n`.execute(db.read);
    const byKey = new Map<string, number[]>();
    for (const { key, count } of rows) byKey.set(key, [...(byKey.get(key) ?? []), count]);
    return byKey;
  };
  return {
    database,
    db,
    react,
    seen,
    replayer: (feed: Parameters<typeof startReplayer<Tx>>[0]['feed']) =>
      startReplayer<Tx>({
        as: service,
        store: db.replays,
        react: async (_, message, _call, tx) => void (await see(tx, 'sum', message)),
        feed,
        clock,
        telemetry,
      }),
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

const write = (db: Database, key: string, count: number) =>
  db.uow(testCall(), async (tx) => tx.emit(noted, { key, count }));

/** Every key is seen as 1, 2, 3 …; a replay begins again at 1 and goes on to the end: nothing is lost, doubled or out of order. */
function assertOrder(
  byKey: ReadonlyMap<string, readonly number[]>,
  last: ReadonlyMap<string, number>,
  replays: number,
) {
  for (const [key, counts] of byKey) {
    const restarts = counts.filter((count, index) => index > 0 && count <= (counts[index - 1] ?? 0)).length;
    assert.ok(restarts <= replays, `${key} went back ${restarts} times: ${counts}`);
    const end = counts.slice(counts.lastIndexOf(1));
    assert.deepEqual(
      end,
      Array.from({ length: last.get(key) ?? 0 }, (_, at) => at + 1),
      key,
    );
  }
}

test('a replay beside live deliveries, its process replaced in the middle: each key in order, nothing lost, others undisturbed', async () => {
  const random = seededRandom(20_261_128);
  await using from = await testDatabase({ folder });
  await using producer = open(from.url, 'producer');
  await using target = await consumer('consumer');
  const { db } = target;
  const grant = { events: ['test.noted'], addressed: true };
  const feedFor = (tail = producer.tail) =>
    localFeed({ source: 'producer', as: 'consumer', log: producer.log, tail, grant });
  await using live = startFeedConsumer<Tx>({
    feed: feedFor(),
    as: 'consumer',
    deliveries: db.deliveries,
    dispatch: async (message, _call, tx) => {
      await target.react(message, tx);
      return undefined;
    },
    clock,
    telemetry,
  });
  const last = new Map<string, number>();
  const next = async () => {
    const key = `k${randomInteger(random, 0, 5)}`;
    last.set(key, (last.get(key) ?? 0) + 1);
    await write(producer, key, last.get(key) ?? 0);
  };
  for (let turn = 0; turn < 120; turn += 1) await next();
  await until(
    'deliveries and replay get there',
    async () => live.state.position >= (await producer.log.advance()),
    20_000,
  );

  const wish = {
    reaction: 'sum',
    source: 'producer',
    event: 'test.noted',
    key: undefined,
    after: 0,
    since: undefined,
    who,
  };
  const replay = await db.replays.begin(wish);
  const first = target.replayer(() => feedFor());
  const writing = (async () => {
    for (let turn = 0; turn < 120; turn += 1) await next();
  })();
  await until(
    'deliveries and replay get there',
    async () => ((await db.replays.find(replay.id))?.applied ?? 0) > 20,
    20_000,
  );
  await first.close();
  await using _second = target.replayer(() => feedFor());
  await using _third = target.replayer(() => feedFor());
  await writing;
  await until(
    'deliveries and replay get there',
    async () => (await db.replays.find(replay.id))?.state === 'done',
    20_000,
  );
  await next();
  await until(
    'deliveries and replay get there',
    async () => live.state.position >= (await producer.log.advance()),
    20_000,
  );
  assertOrder(await target.seen('sum'), last, 1);
  assertOrder(await target.seen('tell'), last, 0);
  assert.equal((await db.replays.find(replay.id))?.applied, replay.upTo);
});

test('a service replays its own events by lane, while its follower goes on', async () => {
  await using target = await consumer('own');
  const { db } = target;
  const follow = (change: Partial<FollowerOptions<Tx>> = {}) =>
    startFollower<Tx>({
      name: 'reactions',
      service: 'own',
      store: db.followers,
      tail: db.tail,
      filter: { events: ['test.noted'], destination: undefined },
      handle: async (messages, _call, tx) => {
        for (const message of messages) await target.react(message, tx);
      },
      clock,
      ids: makeIds,
      telemetry,
      rangesEach: 2,
      ...change,
    });
  await using follower = follow();
  const last = new Map<string, number>();
  const next = async (key: string) => {
    last.set(key, (last.get(key) ?? 0) + 1);
    await write(db, key, last.get(key) ?? 0);
  };
  for (let turn = 0; turn < 60; turn += 1) await next(`k${turn % 7}`);
  const countOf = async (reaction: string) => [...(await target.seen(reaction)).values()].flat().length;
  await until('deliveries and replay get there', async () => (await countOf('tell')) === 60, 20_000);
  assert.ok(follower.state.lanes.length > 0);

  const ownTail = logTail({ log: db.log, clock });
  const grant = { events: ['test.noted'], addressed: false };
  await using _replayer = target.replayer(() =>
    localFeed({ source: 'own', as: 'own', log: db.log, tail: ownTail, grant }),
  );
  const wish = { reaction: 'sum', source: 'own', event: 'test.noted', key: 'k3', after: 0, since: undefined, who };
  const replay = await db.replays.begin(wish);
  assert.ok(replay.start.lanes.length > 0);
  for (let turn = 0; turn < 60; turn += 1) await next(`k${turn % 7}`);
  await until(
    'deliveries and replay get there',
    async () => (await db.replays.find(replay.id))?.state === 'done',
    20_000,
  );
  await until('deliveries and replay get there', async () => (await countOf('tell')) === 120, 20_000);
  const sums = await target.seen('sum');
  assertOrder(sums, last, 1);
  for (const [key, counts] of sums)
    if (key !== 'k3') assert.equal(counts.length, last.get(key), `${key} was not replayed`);
  ownTail.close();
});

test('a replay begins and ends only when no delivery to its reaction is under way', async () => {
  await using target = await consumer('consumer');
  const { db } = target;
  const message = (position: number): Message => ({
    position,
    id: makeIds.uuid(),
    kind: 'event',
    source: 'producer',
    type: 'test.noted',
    version: 1,
    key: 'a',
    destination: undefined,
    at: 1,
    data: { key: 'a', count: position },
    meta: { correlation: 'c' },
  });
  const held = Promise.withResolvers<void>();
  const reacted = Promise.withResolvers<void>();
  const delivering = db.deliveries.deliver(message(1), testCall(), async (tx) => {
    await target.react(message(1), tx);
    reacted.resolve();
    await held.promise;
    return undefined;
  });
  await reacted.promise;
  const wish = {
    reaction: 'sum',
    source: 'producer',
    event: 'test.noted',
    key: undefined,
    after: 0,
    since: undefined,
    who,
  };
  const beginning = db.replays.begin(wish);
  await wait(clock, 50);
  held.resolve();
  await delivering;
  assert.equal((await beginning).upTo, 1, 'what was under way belongs to the past');
  await db.replays.steer((await beginning).id, 'cancel', who);
  await db.replays.finish((await beginning).id);

  const stuck = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  const long = db.deliveries.deliver(message(2), testCall(), async (tx) => {
    await target.react(message(2), tx);
    inside.resolve();
    await stuck.promise;
    return undefined;
  });
  await inside.promise;
  await assert.rejects(db.replays.begin(wish), { code: 'MESSAGING_REPLAY_BUSY' });
  stuck.resolve();
  await long;
});

test('a time is found in a log of many', async () => {
  await using database = await testDatabase({ folder });
  await using db = open(database.url, 'test');
  await sql`select dure.flush((select jsonb_agg(jsonb_build_object(
      'id', gen_random_uuid(), 'at', n * 3600000::bigint, 'kind', 'e', 'type', 'test.noted', 'version', 1, 'key', 'a',
      'data', jsonb_build_object('key', 'a', 'count', n), 'meta', '{"correlation": "fill"}'::jsonb))
    from generate_series(1, 1000) as n))`.execute(db.read);
  for (const hour of [1, 2, 500, 1_000]) assert.equal(await db.log.before(hour * 3_600_000), hour - 1, `hour ${hour}`);
  assert.equal(await db.log.before(2_000 * 3_600_000), 1_000);
});
