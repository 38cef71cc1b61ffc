import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DureError } from '@dure/core';
import { systemClock as clock, codeOf } from '@dure/core';
import { testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { DeliveryStore } from '../delivery-store.port.ts';
import { logTail } from '../log-tail.ts';
import { ask, instances, linesOf, loopback, note, producer, until } from '../testing/feed-loopback.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { erasRoute } from './eras-route.ts';
import type { FeedConsumer } from './feed-consumer.ts';
import { startFeedConsumer } from './feed-consumer.ts';
import type { FeedRouteOptions } from './feed-route.ts';
import { httpFeed } from './http-feed.ts';

/** Applies what comes over a feed, and notes what. */
function consume(options: FeedRouteOptions, deliveries: DeliveryStore<MemoryTx>, applied: number[]): FeedConsumer {
  const { transport } = loopback(options);
  const signer = { authorize: async () => 'Bearer t' };
  return startFeedConsumer<MemoryTx>({
    feed: httpFeed({ source: 'test', as: 'other', instances, signer, clock, transport }),
    as: 'other',
    deliveries,
    dispatch: async ({ data }) => {
      applied.push((data as { count: number }).count);
      return undefined;
    },
    clock,
    telemetry: silentTelemetry(),
  });
}

test('a consumer that has read what a restored log lost is told so, though the log has grown past it since', async () => {
  const { db, options } = producer();
  await note(db, 1, 2, 3, 4);
  db.restore(2);
  await note(db, 13, 14, 15);
  const told = (query: string, common: number | undefined) =>
    assert.rejects(ask(options, `as=other&${query}`), (error) => {
      assert.equal(codeOf(error), 'MESSAGING_FEED_AHEAD');
      assert.equal((error as DureError).details.common, common);
      return true;
    });
  await told('after=4&era=era-1', 2);
  await told('after=3&era=era-1', 2);
  const [first] = await linesOf(options, 'as=other&after=2&era=era-1&wait=0');
  assert.deepEqual(first, { durekind: 'mark', durepos: '2', dureera: 'era-2' });
  db.restore(1);
  await told('after=1&era=era-2', undefined);
  await note(db, 22, 23, 24, 25, 26);
  await told('after=5&era=era-2', undefined);
  await linesOf(options, 'as=other&after=5&era=era-3&wait=0');
});

test('a consumer behind a broker asks for one era or two, and for nothing else', async () => {
  const { db, options } = producer();
  await note(db, 1, 2, 3);
  db.restore(2);
  const eras = async (query: string) => (await ask(options, query, undefined, erasRoute(options))).body;
  assert.deepEqual(JSON.parse(String(await eras('as=other&of=era-1,unknown'))), {
    era: 'era-2',
    end: 2,
    common: { 'era-1': 2 },
  });
  for (const list of ['', 'a,b,c', 'two words'])
    await assert.rejects(eras(`as=other&of=${list}`), (error) => codeOf(error) === 'MESSAGING_FEED_QUERY');
  await assert.rejects(eras('as=stranger&of=era-1'), (error) => codeOf(error) === 'MESSAGING_FEED_FORBIDDEN');
});

test('a live answer ends where another era begins', async () => {
  const { db, options } = producer();
  await note(db, 1);
  const { body } = await ask(options, 'as=other&wait=25&after=1');
  const seen: unknown[] = [];
  for await (const chunk of body as AsyncIterable<string>) {
    seen.push(...chunk.trim().split('\n'));
    if (seen.length > 1) continue;
    db.restore(1);
    await note(db, 2);
  }
  assert.ok(!seen.some((line) => String(line).includes('test.noted')), String(seen));
});

test('a consumer skips nothing of a log that was restored and has grown past it meanwhile', async () => {
  const { db, options } = producer();
  await note(db, 1, 2, 3, 4);
  const { deliveries } = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const applied: number[] = [];
  await using first = consume(options, deliveries, applied);
  await until('all are applied', () => first.state.position === 4);
  await first.close();
  assert.equal(await deliveries.era('test'), 'era-1');
  db.restore(2);
  await note(db, 13, 14, 15);
  using tail = { ...logTail({ log: db.log, clock }), [Symbol.dispose]: () => tail.close() };
  await using refused = consume({ ...options, tail }, deliveries, applied);
  await until('it was told', () => refused.state.error?.code === 'MESSAGING_FEED_AHEAD');
  assert.deepEqual([applied, await deliveries.position('test')], [[1, 2, 3, 4], 4]);
});

test('a consumer whose own database went back applies once more what it lost there', async () => {
  const { db, options } = producer();
  const [first, behind] = [2, 3].map((seed) => memoryDatabase({ service: 'other', clock, ids: testIds(seed) }));
  assert.ok(first !== undefined && behind !== undefined);
  await behind.deliveries.skipTo('test', 2);
  let current = first.deliveries;
  const applied: number[] = [];
  const store: DeliveryStore<MemoryTx> = {
    position: (source) => current.position(source),
    skipTo: (...args) => current.skipTo(...args),
    reached: (streams) => current.reached(streams),
    era: (source) => current.era(source),
    enterEra: (...args) => current.enterEra(...args),
    deliver: (...args) => current.deliver(...args),
  };
  await using _running = consume(options, store, applied);
  await note(db, 1, 2, 3, 4);
  await until('all are applied', () => applied.length === 4);
  current = behind.deliveries;
  await note(db, 5);
  await until('what is lost is applied again', () => applied.length === 7);
  assert.deepEqual(applied, [1, 2, 3, 4, 3, 4, 5]);
  assert.equal(await behind.deliveries.position('test'), 5);
});
