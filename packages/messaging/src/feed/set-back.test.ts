import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DureError } from '@dure/core';
import { systemClock as clock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { logTail } from '../log-tail.ts';
import { instances, loopback, note, producer, until } from '../testing/feed-loopback.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { ignored } from '../testing/sample-contracts.ts';
import { startFeedConsumer } from './feed-consumer.ts';
import type { FeedRouteOptions } from './feed-route.ts';
import { httpFeed } from './http-feed.ts';
import { setBack } from './set-back.ts';

const who = { by: 'sora', why: 'restored', at: 5_000 };
const { signal } = new AbortController();

function feedOf(options: FeedRouteOptions) {
  const { transport } = loopback(options);
  const signer = { authorize: async () => 'Bearer t' };
  return httpFeed({ source: 'test', as: 'other', instances, signer, clock, transport });
}

/** The service `test`, and `other`, which has read its log; `back` sets that back. */
function scene() {
  const { db, options } = producer();
  const { deliveries } = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const back = (after: number) =>
    setBack({ source: 'test', after, who }, { as: 'other', deliveries, feed: feedOf(options), signal });
  const read = async (stream: string, position: number, era?: string) => {
    await deliveries.skipTo(stream, position);
    if (era !== undefined) await deliveries.enterEra(stream, era);
  };
  const refused = (after: number, why: RegExp) =>
    assert.rejects(
      back(after),
      ({ code, message }: DureError) => code === 'MESSAGING_SET_BACK_REFUSED' && why.test(message),
    );
  return { db, options, deliveries, back, read, refused };
}

test('a consumer that was refused goes on by itself once it was set back: nothing twice, nothing passed over', async () => {
  const { db, options, deliveries, back, refused } = scene();
  await note(db, 1, 2, 3, 4);
  const applied: number[] = [];
  const consume = (feed: FeedRouteOptions) =>
    startFeedConsumer<MemoryTx>({
      feed: feedOf(feed),
      as: 'other',
      deliveries,
      dispatch: async ({ data }) => {
        applied.push((data as { count: number }).count);
        return undefined;
      },
      clock,
      telemetry: silentTelemetry(),
    });
  {
    await using first = consume(options);
    await until('all are applied', () => first.state.position === 4);
  }
  db.restore(2);
  await note(db, 13, 14, 15);
  using tail = { ...logTail({ log: db.log, clock }), [Symbol.dispose]: () => tail.close() };
  await using consumer = consume({ ...options, tail });
  await until('it was told', () => consumer.state.error?.code === 'MESSAGING_FEED_AHEAD');
  await refused(3, /have in common what is up to 2, not 3/);
  await refused(1, /have in common what is up to 2, not 1/);
  const { setBack: streams, left } = await back(2);
  assert.deepEqual(streams, [{ stream: 'test', position: 4, era: 'era-1', common: 2 }]);
  assert.deepEqual(left, []);
  consumer.ring();
  await until('it goes on', () => applied.length === 7);
  assert.deepEqual(applied, [1, 2, 3, 4, 13, 14, 15]);
  await refused(2, /holds all that "other" has read of it/);
});

test('a consumer that has only looked at what was lost, and applied nothing of it, goes on without anybody', async () => {
  const { db, options, deliveries } = scene();
  const applied: number[] = [];
  const tails = [options.tail];
  const served: FeedRouteOptions = {
    ...options,
    get tail() {
      return tails.at(-1) ?? options.tail;
    },
  };
  await using consumer = startFeedConsumer<MemoryTx>({
    feed: feedOf(served),
    as: 'other',
    deliveries,
    dispatch: async ({ data }) => {
      applied.push((data as { count: number }).count);
      return undefined;
    },
    clock,
    telemetry: silentTelemetry(),
  });
  await note(db, 1);
  await db.uow(testCall(), async (tx) => {
    for (const key of ['a', 'b', 'c']) tx.emit(ignored, { key });
  });
  await until('it has looked at all', () => consumer.state.position === 4);
  assert.equal(await deliveries.position('test'), 1);
  db.restore(2);
  using tail = { ...logTail({ log: db.log, clock }), [Symbol.dispose]: () => tail.close() };
  tails.push(tail);
  await note(db, 13, 14, 15);
  await until('it goes on', () => applied.length === 4);
  assert.deepEqual(applied, [1, 13, 14, 15]);
});

test('of the lanes behind a broker those are set back that have read what was lost, and no others', async () => {
  const { db, deliveries, back, read } = scene();
  await note(db, 1, 2, 3, 4, 5);
  db.restore(3);
  await note(db, 14, 15, 16);
  db.restore(5);
  await note(db, 26, 27);
  await read('test', 2, 'era-1');
  await read('test/events/1', 5, 'era-1');
  await read('test/events/2', 3, 'era-1');
  await read('test/addressed/1', 6, 'era-2');
  await read('test/addressed/2', 7, 'era-3');
  const first = await back(3);
  assert.deepEqual(first, {
    setBack: [{ stream: 'test/events/1', position: 5, era: 'era-1', common: 3 }],
    left: [{ stream: 'test/addressed/1', position: 6, era: 'era-2', common: 5 }],
  });
  assert.deepEqual((await back(5)).left, []);
  const streams = ['test', 'test/events/1', 'test/events/2', 'test/addressed/1', 'test/addressed/2'];
  assert.deepEqual(await deliveries.reached(streams), [
    { position: 2, era: 'era-1' },
    { position: 3, era: undefined },
    { position: 3, era: 'era-1' },
    { position: 5, era: undefined },
    { position: 7, era: 'era-3' },
  ]);
  const [last] = await deliveries.operations.actions(9);
  assert.deepEqual([last?.what, last?.source, last?.by, last?.why], ['set-back', 'test', 'sora', 'restored']);
});

test('where the log does not know the era, whoever asks must know the position; it is within what was read and what there is', async () => {
  const { db, deliveries, back, read, refused } = scene();
  await note(db, 1, 2, 3, 4);
  await read('test', 6, 'gone');
  await read('test/events/1', 1, 'gone');
  await refused(7, /ends at 4, which is before 7/);
  await refused(5, /ends at 4, which is before 5/);
  assert.equal((await back(2)).setBack.length, 2);
  assert.deepEqual(await deliveries.reached(['test', 'test/events/1']), [
    { position: 2, era: undefined },
    { position: 1, era: undefined },
  ]);
  await read('test', 3, 'gone');
  await refused(4, /has read test up to 3, which is before 4: what is between would be passed over/);
});

test('what was read before there were eras is held against the end of the log', async () => {
  const { db, deliveries, back, read, refused } = scene();
  await note(db, 1, 2, 3, 4);
  await read('test', 4);
  await refused(4, /holds all/);
  await read('test', 6);
  await back(4);
  assert.equal(await deliveries.position('test'), 4);
});

test('nothing is set back while the log of the source cannot be asked', async () => {
  const { deliveries, read } = scene();
  await read('test', 6, 'gone');
  const feed = {
    eras: async () => {
      throw new TypeError('it is down');
    },
  };
  await assert.rejects(
    setBack({ source: 'test', after: 2, who }, { as: 'other', deliveries, feed, signal }),
    TypeError,
  );
  assert.deepEqual([await deliveries.position('test'), await deliveries.operations.actions(9)], [6, []]);
});
