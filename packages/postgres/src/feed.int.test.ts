import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ids, newTrace, startCall, systemClock, systemRandom, wait } from '@dure/core';
import type { Dispatch, FeedConsumer } from '@dure/messaging/feed';
import { httpFeed, startFeedConsumer } from '@dure/messaging/feed';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { servedFeed } from './fixtures/served-feed.ts';
import { testDatabase } from './testing/index.ts';
import type { Tx } from './transaction.ts';

interface Tables {
  counter: { name: string; count: number };
}

const clock = systemClock;
const makeIds = ids(clock, systemRandom);
const telemetry = silentTelemetry(makeIds);
const folder = `${import.meta.dirname}/fixtures/counter`;
const newCall = () => startCall({ trace: newTrace(makeIds) });

function open(url: string, service: string): Database<Tables> {
  return openDatabase<Tables>({ url, service, clock, ids: makeIds, telemetry });
}

const serve = (db: Database<Tables>, port?: number) =>
  servedFeed(db, { service: 'producer', consumer: 'consumer', event: 'test.noted' }, port);

function consume(db: Database<Tables>, port: number, dispatch: Dispatch<Tx<Tables>>): FeedConsumer {
  const instance = {
    id: 'p',
    service: 'producer',
    host: '127.0.0.1',
    port,
    managementPort: undefined,
    zone: undefined,
  };
  const instances = { instances: () => [{ ...instance, metadata: {} }], onChange: () => () => {} };
  const signer = { authorize: async () => 'Bearer t' };
  const feed = httpFeed({ source: 'producer', as: 'consumer', instances, signer, clock });
  return startFeedConsumer({ feed, as: 'consumer', deliveries: db.deliveries, dispatch, clock, telemetry });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 10_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, `it did not come true in 10 s that ${what}`);
    await wait(clock, 5);
  }
}

describe('the feed between two databases, over sockets', () => {
  test('applies every message once and in order through restarts, cut connections and killed sessions', async () => {
    await using from = await testDatabase({ folder });
    await using to = await testDatabase({ folder });
    await using producer = open(from.url, 'producer');
    await using target = open(to.url, 'consumer');
    let server = await serve(producer);
    const { port } = server;
    const applied: number[] = [];
    const dispatch: Dispatch<Tx<Tables>> = async (message, _call, tx) => {
      const { count } = message.data as { count: number };
      await tx.db
        .insertInto('counter')
        .values({ name: `n${count}`, count })
        .execute(); // A second time would fail.
      applied.push(count);
      return undefined;
    };
    // Two instances of one consumer race for each message.
    const consumers = [consume(target, port, dispatch), consume(target, port, dispatch)];
    const many = 150;
    for (let count = 1; count <= many; count += 1) {
      await producer.uow(newCall(), async (tx) => tx.emit(noted, { key: 'k', count }));
      if (count % 50 === 10) server.cut();
      if (count % 50 === 20) {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`.execute(target.read);
      }
      if (count === 75) await server[Symbol.asyncDispose]();
      if (count === 90) server = await serve(producer, port);
    }
    const rows = () => target.read.selectFrom('counter').select('count').orderBy('count').execute();
    await until('all are applied', async () => (await rows()).length === many);
    assert.deepEqual(
      (await rows()).map((row) => row.count),
      Array.from({ length: many }, (_, index) => index + 1),
    );
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await server[Symbol.asyncDispose]();
  });

  test('brings a message from commit to effect within milliseconds', async (context) => {
    await using from = await testDatabase({ folder });
    await using to = await testDatabase({ folder });
    await using producer = open(from.url, 'producer');
    await using target = open(to.url, 'consumer');
    const server = await serve(producer);
    const arrived = new Map<number, () => void>();
    const consumer = consume(target, server.port, async (message) => {
      arrived.get((message.data as { count: number }).count)?.();
      return undefined;
    });
    await until('it follows', () => consumer.state.status === 'following');
    const took: number[] = [];
    for (let count = 1; count <= 50; count += 1) {
      const seen = new Promise<void>((resolve) => arrived.set(count, resolve));
      await producer.uow(newCall(), async (tx) => tx.emit(noted, { key: 'k', count }));
      const committed = clock.monotonicMs();
      await seen;
      took.push(clock.monotonicMs() - committed);
    }
    const median = took.toSorted((a, b) => a - b)[25] ?? 0;
    context.diagnostic(`from commit to the handler: median ${median.toFixed(2)} ms`);
    assert.ok(median < 50, `median ${median} ms`); // Generous: it is about 2 ms on an idle machine.
    await consumer.close();
    await server[Symbol.asyncDispose]();
  });
});
