import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeClock, testCall } from '@dure/core/testing';
import { repository } from '@dure/event-sourcing';
import { sampleAccount } from '@dure/event-sourcing/testing';
import type { Delivery } from '@dure/messaging';
import { foreignMessage, noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import { postgresEventStore } from './event-sourcing/postgres-event-store.ts';
import type { Tables } from './fixtures/counter-kit.ts';
import { control, count, counted, database, open, pidOf } from './fixtures/counter-kit.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import type { Tx } from './transaction.ts';

type Effect = (tx: Tx<Tables>) => Promise<unknown>;

/** Messages of a source with what they do. */
function deliveries(source: string, ...effects: readonly Effect[]): readonly Delivery<Tx<Tables>>[] {
  return effects.map((effect, index) => ({
    message: foreignMessage({ source, position: index + 1, id: `00000000-0000-4000-8000-00000000000${index}` }),
    call: testCall(),
    effect: async (tx) => void (await effect(tx)),
  }));
}

describe('messages that are delivered together', () => {
  test('take two round trips, however many they are', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 1 });
    const emits: Effect = async (tx) => tx.emit(noted, { key: 'k', count: 1 });
    await db.deliveries.deliverTogether?.(deliveries('warm', emits, emits));
    proxy.turns = 0;
    await db.deliveries.deliverTogether?.(deliveries('trips', emits, emits, emits, emits, emits));
    assert.equal(proxy.turns, 2);
  });

  test('see what those before them have written, in one transaction', async () => {
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    const deposit: Effect = (tx) => accounts.decide(tx, 'deposit', { account: 'shared', amount: 5 });
    const outcomes = await control.deliveries.deliverTogether?.(deliveries('decides', deposit, deposit, deposit));
    assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
    const { rows } = await sql<{ versions: readonly number[]; transactions: number }>`
      select array_agg(stream_version::int order by pos) as versions, count(distinct xmin::text)::int as transactions
      from dure.log where stream = 'account:shared'`.execute(control.read);
    assert.deepEqual(rows, [{ versions: [1, 2, 3], transactions: 1 }]);
  });

  test('leave nothing when an error of one is not passed on, for then its transaction cannot be committed', async () => {
    const quiet: Effect = (tx) =>
      sql`select 1 / 0`.execute(tx.db).catch(() => {
        /* as a handler might */
      });
    const counts: Effect = (tx) => count(tx, 'before');
    assert.equal(await control.deliveries.deliverTogether?.(deliveries('quiet', counts, quiet)), undefined);
    assert.equal(await counted('before'), 0);
    assert.equal(await control.deliveries.position('quiet'), 0);
  });

  test('are given up when their time is over, and what still runs of them reaches nothing', async () => {
    const clock = fakeClock();
    await using db = open({ clock, poolSize: 2 });
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const slow: Effect = async (tx) => {
      begun.resolve();
      await goOn.promise;
      late.resolve(await count(tx, 'late').catch((error: unknown) => error));
    };
    const [delivery] = deliveries('slow', slow);
    assert.ok(delivery !== undefined);
    const call = testCall({ deadline: clock.now() + 250 });
    const outcome = db.deliveries.deliverTogether?.([{ ...delivery, call }]);
    await begun.promise;
    await clock.advance(250);
    assert.equal(await outcome, undefined);
    goOn.resolve();
    assert.ok((await late.promise) instanceof Error);
    assert.equal(await counted('late'), 0);
  });
});

test('a duplicate leaves its connection alone when its deadline passes', async () => {
  const clock = fakeClock();
  await using db = open({ clock, poolSize: 1 });
  const message = foreignMessage({ source: 'twice' });
  const deliver = () =>
    db.deliveries.deliver(message, testCall({ deadline: clock.now() + 1_000 }), async () => undefined);
  const session = () => db.uow(testCall(), pidOf);
  assert.deepEqual([await deliver(), await deliver()], ['applied', 'duplicate']);
  const before = await session();
  await clock.advance(2_000);
  assert.equal(await session(), before);
});
