import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, newTrace, seededRandom, startCall, systemClock, systemRandom, wait } from '@dure/core';
import type { FeedConsumer } from '@dure/messaging/feed';
import { localFeed, startFeedConsumer } from '@dure/messaging/feed';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { testDatabase } from './testing/index.ts';

interface Tables {
  counter: { name: string; count: number };
}

const clock = systemClock;
const makeIds = ids(clock, systemRandom);
const telemetry = silentTelemetry(makeIds);
const folder = `${import.meta.dirname}/fixtures/counter`;
const seed = 20_261_128;
const random = seededRandom(seed);
const newCall = () => startCall({ trace: newTrace(makeIds) });

function open(url: string, service: string): Database<Tables> {
  return openDatabase<Tables>({ url, service, clock, ids: makeIds, telemetry });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 30_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, `it did not come true in 30 s that ${what} (seed ${seed})`);
    await wait(clock, 10);
  }
}

test('failing keys, killed sessions and replaced consumers: nothing is lost or doubled, each key keeps its order', async () => {
  await using from = await testDatabase({ folder });
  await using to = await testDatabase({ folder });
  await using producer = open(from.url, 'producer');
  await using target = open(to.url, 'consumer');
  const trouble = new Map<number, number>();
  const start = (): FeedConsumer =>
    startFeedConsumer({
      feed: localFeed({
        source: 'producer',
        as: 'consumer',
        log: producer.log,
        tail: producer.tail,
        grant: { events: ['test.noted'], addressed: true },
      }),
      as: 'consumer',
      deliveries: target.deliveries,
      async dispatch(message, _call, tx) {
        const { key, count } = message.data as { key: string; count: number };
        await sql`insert into applied (key, count) values (${key}, ${count})`.execute(tx.db);
        const left = trouble.get(count) ?? 0;
        if (left === 0) return undefined;
        trouble.set(count, left - 1);
        throw new TypeError('not yet');
      },
      clock,
      telemetry,
      retry: { maxAttempts: 1_000, firstDelayMs: 20, maxDelayMs: 200, mostParked: 1_000 },
    });
  const running = [start(), start()];
  const many = 300;
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const wanted = new Map<string, number[]>(keys.map((key) => [key, []]));
  for (let count = 1; count <= many; count += 1) {
    const key = keys[Math.floor(random.next() * keys.length)] ?? 'a';
    if (random.next() < 0.1) trouble.set(count, 1 + Math.floor(random.next() * 8));
    await producer.uow(newCall(), async (tx) => tx.emit(noted, { key, count }));
    wanted.get(key)?.push(count);
    if (count % 40 === 20) {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(target.read);
    }
    if (count % 60 === 30) {
      await running.shift()?.close();
      running.push(start());
    }
  }
  const applied = async () =>
    (await sql<{ key: string; count: number }>`select key, count from applied order by n`.execute(target.read)).rows;
  await until('all are applied', async () => (await applied()).length >= many);
  const rows = await applied();
  for (const key of keys) {
    const counts = rows.filter((row) => row.key === key).map((row) => row.count);
    assert.deepEqual(counts, wanted.get(key), `key ${key}, seed ${seed}`);
  }
  assert.equal((await target.deliveries.parked.standing('producer')).keys, 0);
  await Promise.all(running.map((consumer) => consumer.close()));
});
