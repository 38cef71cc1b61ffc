import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, randomInteger, randomItem, seededRandom, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { laneOf } from '@dure/messaging';
import type { Follower, FollowerOptions, FollowerStore } from '@dure/messaging/followers';
import { startFollower } from '@dure/messaging/followers';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Tables } from '../fixtures/counter-kit.ts';
import { clock, control, count, counted, database, open } from '../fixtures/counter-kit.ts';
import { slowProxy } from '../fixtures/slow-proxy.ts';
import { until } from '../fixtures/until.ts';
import type { Tx } from '../transaction.ts';

const notes = { events: ['test.noted'], destination: undefined };

function follow(
  db: Database<Tables>,
  name: string,
  change: Partial<FollowerOptions<Tx<Tables>>> & Pick<FollowerOptions<Tx<Tables>>, 'handle'>,
): Follower {
  return startFollower<Tx<Tables>>({
    name,
    service: 'test',
    store: db.followers,
    tail: db.tail,
    filter: notes,
    clock,
    ids: ids(clock, systemRandom),
    telemetry: silentTelemetry(),
    start: 'now',
    leaseMs: 400,
    beatMs: 100,
    ...change,
  });
}

const write = (...notesOf: readonly { key: string; count: number }[]) =>
  control.uow(testCall(), async (tx) => {
    for (const note of notesOf) tx.emit(noted, note);
  });

const holds = (follower: Follower) => () => Promise.resolve(follower.state.lanes.length > 0);

test('PostgreSQL and JavaScript compute the same lane of a key', async () => {
  const keys = ['', 'a', 'order-1', '주문 7', '🛒', 'a\\b', "it's"];
  for (const key of keys) {
    const { rows } = await sql<{ lane: number }>`
      select get_byte(sha256(convert_to(${key}, 'UTF8')), 0) as lane`.execute(control.read);
    assert.equal(rows[0]?.lane, laneOf(key), key);
  }
});

test('a read of some lanes and one of the others are together a read of all', async () => {
  const start = await control.log.advance();
  await write(...Array.from({ length: 40 }, (_, at) => ({ key: `lane ${at}`, count: at })));
  const upTo = await control.log.advance();
  const positions = async (from: number, to: number, filter: typeof notes | 'all') => {
    const { messages } = await control.log.read(start, filter, 100, upTo, { from, to });
    for (const { key } of messages) assert.ok(laneOf(key) >= from && laneOf(key) <= to);
    return messages.map(({ position }) => position);
  };
  for (const filter of [notes, 'all'] as const) {
    const [lower, upper] = [await positions(0, 99, filter), await positions(100, 255, filter)];
    assert.ok(lower.length > 0 && upper.length > 0);
    assert.deepEqual(
      [...lower, ...upper].sort((a, b) => a - b),
      await positions(0, 255, filter),
    );
  }
});

test('the position travels with the COMMIT: an effect costs no journey more than any unit of work', async () => {
  await using proxy = await slowProxy(database.url);
  await using db = open({ url: proxy.url, poolSize: 1 });
  await db.followers.open('journeys', 0);
  const lease = await db.followers.claim('journeys', 'me', 60_000);
  assert.ok(lease !== undefined);
  const apply = (to: number, work: (tx: Tx<Tables>) => Promise<void>) =>
    db.followers.apply(lease, to, 60_000, testCall(), work);
  await apply(1, (tx) => count(tx, 'journeys'));
  proxy.turns = 0;
  await apply(2, (tx) => count(tx, 'journeys'));
  assert.equal(proxy.turns, 2);
  proxy.turns = 0;
  await apply(3, async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
  assert.equal(proxy.turns, 1);
});

test('a process that was frozen within a transaction finds its lanes taken when it commits, and applies nothing', async () => {
  await using frozenDb = open();
  await using otherDb = open();
  const inside = Promise.withResolvers<void>();
  const thaw = Promise.withResolvers<void>();
  let isFrozen = false;
  const store = new Proxy(frozenDb.followers, {
    get:
      (target, name: keyof FollowerStore<Tx<Tables>>) =>
      async (...args: never[]) => {
        if (isFrozen && name !== 'apply') await thaw.promise;
        return (target[name] as (...given: never[]) => unknown).apply(target, args);
      },
  });
  await using zombie = follow(frozenDb, 'frozen', {
    store,
    async handle(_messages, _call, tx) {
      await count(tx, 'zombie');
      tx.emit(noted, { key: 'not to be seen', count: 1 });
      isFrozen = true;
      inside.resolve();
      await thaw.promise;
    },
  });
  await until('the first has the lanes', holds(zombie));
  await write({ key: 'z', count: 1 });
  await inside.promise;
  const successor = follow(otherDb, 'frozen', { handle: (_messages, _call, tx) => count(tx, 'successor') });
  await until('the other has handled it', async () => (await counted('successor')) === 1);
  thaw.resolve();
  await until('the frozen one knows', async () => zombie.state.lanes.length <= 1 && zombie.state.ageMs === 0);
  await successor.close();
  assert.equal(await counted('zombie'), 0);
  assert.equal(await counted('successor'), 1);
});

test('over killed connections and processes that come and go, every key is handled once and in order', async () => {
  const seed = Math.floor(systemRandom.next() * 2 ** 31);
  const random = seededRandom(seed);
  const keys = Array.from({ length: 20 }, (_, at) => `storm ${at}`);
  const wrong: string[] = [];
  const start = () => {
    const db = open();
    const follower = follow(db, 'storm', {
      start: 'beginning',
      rangesEach: 2,
      batch: { size: randomInteger(random, 1, 20), withinMs: 0 },
      async handle(messages, _call, tx) {
        for (const { key, data } of messages.filter((one) => one.key.startsWith('storm'))) {
          const row = await tx.db.selectFrom('counter').select('count').where('name', '=', key).executeTakeFirst();
          const next = (data as { count: number }).count;
          if ((row?.count ?? 0) !== next - 1) wrong.push(`${key}: ${next} after ${row?.count}`);
          await count(tx, key);
        }
      },
    });
    return { db, follower };
  };
  const stop = async ({ db, follower }: ReturnType<typeof start>) => {
    await follower.close();
    await db.close();
  };
  const running = [start(), start()];
  let written = 0;
  while (written < 60) {
    written += 1;
    await write(...keys.map((key) => ({ key, count: written })));
    await wait(clock, 10);
    if (random.next() < 0.2)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and random() < 0.3`.execute(control.read);
    if (random.next() < 0.15 && running.length < 4) running.push(start());
    const victim = random.next() < 0.1 && running.length > 1 ? randomItem(random, running) : undefined;
    if (victim !== undefined) await stop(running.splice(running.indexOf(victim), 1)[0] ?? victim);
  }
  await until(
    `all is handled (seed ${seed})`,
    async () => {
      const counts = await Promise.all(keys.map(counted));
      return counts.every((one) => one === written);
    },
    20_000,
  );
  await Promise.all(running.map(stop));
  assert.deepEqual(wrong, [], `seed ${seed}`);
});
