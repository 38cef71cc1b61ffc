import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { brokerLaneOf, trackOf } from '../broker-lane.ts';
import type { DeliveryStore } from '../delivery-store.port.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import { setBack } from '../feed/set-back.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import { until } from '../testing/feed-loopback.ts';
import { memoryBroker } from '../testing/memory-broker.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { ignored, noted } from '../testing/sample-contracts.ts';
import { startBrokerConsumer } from './broker-consumer.ts';
import { toRecord } from './envelope.ts';
import { sinceBroker } from './since-broker.ts';
import { eventsTopic } from './topics.ts';

const clock = systemClock;
const topic = eventsTopic('shop', 'test');
const grant = { events: ['test.noted'], addressed: true };
const track = trackOf({ source: 'test', kind: 'event', key: 'k' });

/** The log of `test`, whose records are put into a broker one by one, and `other`, which consumes them and counts what it asks. */
async function scene() {
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const server = memoryBroker();
  const publisher = server.connect();
  await publisher.declare([{ name: topic, groups: ['other'] }]);
  const asked = { eras: 0, reached: 0, entered: 0 };
  const applied: number[] = [];
  const logs: FeedSource[] = [];
  const readLog = () => {
    const tail = logTail({ log: source.log, clock });
    logs.unshift(localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }));
  };
  readLog();
  const { deliveries } = target;
  const counting: DeliveryStore<MemoryTx> = {
    position: (stream) => deliveries.position(stream),
    reached: (streams) => {
      asked.reached += 1;
      return deliveries.reached(streams);
    },
    skipTo: (...args) => deliveries.skipTo(...args),
    era: (stream) => deliveries.era(stream),
    enterEra: (...args) => {
      asked.entered += 1;
      return deliveries.enterEra(...args);
    },
    deliver: (...args) => deliveries.deliver(...args),
  };
  const feed = (): FeedSource => {
    const [log = assert.fail()] = logs;
    return {
      ...log,
      eras: (...args) => {
        asked.eras += 1;
        return log.eras(...args);
      },
    };
  };
  const telemetry = silentTelemetry();
  const dropped: unknown[] = [];
  const failed: string[] = [];
  const consume = () =>
    startBrokerConsumer<MemoryTx>({
      broker: server.connect(),
      as: 'other',
      topics: [topic],
      sources: ['test'],
      wants: ({ type }) => type === 'test.noted',
      feed,
      deliveries: counting,
      dispatch: async ({ data }) => {
        applied.push((data as { count: number }).count);
        return undefined;
      },
      clock,
      random: seededRandom(1),
      telemetry: {
        ...telemetry,
        log: {
          ...telemetry.log,
          warn: (text, fields) => void (/dropped/.test(text) ? dropped.push(fields?.position) : failed.push(text)),
        },
      },
    });
  /** Commits messages, and gives them as the log has them. */
  const note = async (...counts: readonly number[]): Promise<readonly Message[]> => {
    const before = await source.log.advance();
    for (const count of counts) await source.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count }));
    return (await source.log.read(before, 'all', 100)).messages;
  };
  const put = async (previous: number, era: string | undefined, ...messages: readonly Message[]) => {
    let before = previous;
    for (const message of messages) {
      const { id, key, position } = message;
      const record = toRecord(message, { previous: before, era }, 9_000);
      await publisher.publish({ topic, lane: brokerLaneOf(key), key, id, record });
      before = position;
    }
  };
  /** The log loses what is behind a position, and another process serves it. */
  const restore = (position: number) => {
    source.restore(position);
    readLog();
    return source.log.era();
  };
  const back = (after: number) => {
    const who = { by: 'sora', why: 'restored', at: 1 };
    const { signal } = new AbortController();
    return setBack({ source: 'test', after, who }, { as: 'other', deliveries, feed: feed(), signal });
  };
  return { source, target, asked, applied, dropped, failed, consume, note, put, restore, back, feed };
}

test('within an era nothing is asked of anybody, and a plain restart asks the log once', async () => {
  const { asked, applied, consume, note, put, restore } = await scene();
  await using _consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2, 3, 4)));
  await until('all are applied', () => applied.length === 4);
  assert.deepEqual(asked, { eras: 0, reached: 1, entered: 1 });
  const era = restore(4);
  await put(4, era, ...(await note(5, 6, 7)));
  await until('all are applied', () => applied.length === 7);
  assert.deepEqual(asked, { eras: 1, reached: 2, entered: 2 });
});

test('a lane that has read what the log lost stops, says so, and goes on when it was set back', async () => {
  const { applied, consume, note, put, restore, back } = await scene();
  await using consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2, 3, 4)));
  await until('all are applied', () => applied.length === 4);
  const era = restore(2);
  await put(2, era, ...(await note(13, 14, 15)));
  let told: { readonly code?: string; readonly message?: string } | undefined;
  await until('it is told', async () => {
    const { details, status } = await consumer.health.check();
    told = ((details?.stuck ?? {}) as Record<string, typeof told>)[track];
    return status === 'DOWN' && told !== undefined;
  });
  assert.equal(told?.code, 'MESSAGING_FEED_AHEAD');
  assert.match(
    told?.message ?? '',
    /up to 4, but .* in common what is up to 2, .*the lane is test\/events\/\d+, read in the era era-1/,
  );
  assert.equal(await consumer.holds('test', 5), false);
  await back(2);
  await until('it goes on', () => applied.length === 7);
  assert.deepEqual(applied, [1, 2, 3, 4, 13, 14, 15]);
  assert.equal(await consumer.holds('test', 5), true);
  assert.equal((await consumer.health.check()).status, 'UP');
});

test('what comes late of an earlier era is a duplicate where the log still holds it, and dropped where it does not', async () => {
  const { applied, dropped, consume, note, put, restore } = await scene();
  const [first, second] = await note(1, 2);
  assert.ok(first !== undefined && second !== undefined);
  restore(2);
  const [third] = await note(3);
  assert.ok(third !== undefined);
  const era = restore(2);
  const [other] = await note(13);
  assert.ok(other !== undefined && other.position === third.position);
  await using _consumer = consume();
  await put(0, 'era-1', first, second);
  await put(2, 'era-2', third); // The lane is in era 1 and has it in common with the log, but the record is not in the log.
  await put(2, era, other);
  await put(0, 'era-1', first, second);
  await put(2, 'era-2', third);
  const [last] = await note(14);
  await put(3, era, last ?? assert.fail());
  await until('the last is applied', () => applied.includes(14));
  assert.deepEqual(applied, [1, 2, 13, 14]);
  assert.deepEqual(dropped, [3, 3]);
});

test('what the broker kept of an era that has ended is read without asking for each record', async () => {
  const { asked, applied, consume, note, put, restore } = await scene();
  const [first, ...others] = await note(1, 2, 3);
  const second = restore(3);
  const more = await note(4, 5, 6);
  restore(6);
  await using _consumer = consume();
  await put(0, 'era-1', first ?? assert.fail(), ...others);
  await put(3, second, ...more);
  await until('all are applied', () => applied.length === 6);
  assert.deepEqual(asked, { eras: 1, reached: 2, entered: 2 });
});

test('a record that a log dropped wrongly for another process comes with the next one of its lane', async () => {
  const { source, applied, consume, note, put, restore } = await scene();
  await using _consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2)));
  await until('both are applied', () => applied.length === 2);
  const [fresh] = await note(3);
  await put(2, 'of-a-copy', fresh ?? assert.fail()); // The process that answers knows nothing of it yet.
  restore(3);
  await put(3, source.log.era(), ...(await note(4)));
  await until('the next is applied', () => applied.includes(4));
  assert.deepEqual(applied, [1, 2, 3, 4]);
});

test('what is missing is taken from the log as it is now, also when that is not the one of the record', async () => {
  const { applied, dropped, consume, note, put, restore } = await scene();
  await using _consumer = consume();
  const [first] = await note(1);
  await put(0, 'era-1', first ?? assert.fail());
  await until('the first is applied', () => applied.length === 1);
  const lost = (await note(2, 3, 4)).at(-1) ?? assert.fail();
  restore(1);
  const fresh = (await note(12, 13, 14, 15)).at(-1) ?? assert.fail();
  await put(3, 'era-1', lost); // The broker has lost what was before it.
  await until('it is dropped', () => dropped.length === 1);
  await put(4, 'era-2', fresh);
  await until('all are applied', () => applied.length === 5);
  assert.deepEqual(applied, [1, 12, 13, 14, 15]);
});

test('records that say no era are told by their positions, as before', async () => {
  const { target, asked, applied, consume, note, put } = await scene();
  await using _consumer = consume();
  const [first, second, third] = await note(1, 2, 3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await put(0, undefined, first, first, second);
  await until('both are applied', () => applied.length === 2);
  await put(2, 'era-1', third); // Its relay has been brought up meanwhile.
  await until('the third is applied', () => applied.length === 3);
  await put(1, undefined, second);
  assert.deepEqual([asked.eras, await target.deliveries.era(track)], [1, 'era-1']);
  assert.deepEqual(applied, [1, 2, 3]);
});

test('a lane that was in the hands of another process meanwhile is taken as that one left it', async () => {
  const { target, applied, consume, note, put, restore } = await scene();
  await using _consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2)));
  await until('both are applied', () => applied.length === 2);
  const era = restore(2) ?? assert.fail();
  const [third, fourth] = await note(3, 4);
  await target.deliveries.enterEra(track, era);
  await target.deliveries.deliver(third ?? assert.fail(), testCall(), async () => undefined, { stream: track });
  await put(3, era, fourth ?? assert.fail());
  await until('the next is applied', () => applied.length === 3);
  assert.deepEqual(applied, [1, 2, 4]);
});

test('a lane that was set back before it had to be told goes on at once', async () => {
  const { applied, failed, consume, note, put, restore, back } = await scene();
  await using _consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2, 3, 4)));
  await until('all are applied', () => applied.length === 4);
  const era = restore(2);
  await back(2);
  await put(2, era, ...(await note(13, 14, 15)));
  await until('what is new is applied', () => applied.length === 7);
  assert.deepEqual([applied, failed], [[1, 2, 3, 4, 13, 14, 15], []]);
});

test('a lane that goes on where the whole log was read to is in the era of that', async () => {
  const { source, target, applied, consume, note, put, restore } = await scene();
  const first = consume();
  await put(0, 'era-1', ...(await note(1, 2)));
  await until('both are applied', () => applied.length === 2);
  const era = restore(2);
  await source.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'k' }));
  assert.ok(await first.holds('test', 3));
  assert.deepEqual(await target.deliveries.reached(['test']), [{ position: 3, era }]);
  await put(2, era, ...(await note(4)));
  await until('the next is applied', () => applied.length === 3);
  await first.close();
  assert.deepEqual(await target.deliveries.reached([track]), [{ position: 4, era }]);
  await using second = consume();
  await put(4, era, ...(await note(5)));
  await until('another process goes on', () => applied.length === 4);
  assert.equal((await second.health.check()).status, 'UP');
});

test('a lane that has read what the log lost is told so, though all that the log holds was read', async () => {
  const { source, applied, consume, note, put, restore } = await scene();
  await using consumer = consume();
  await put(0, 'era-1', ...(await note(1, 2)));
  await until('both are applied', () => applied.length === 2);
  const era = restore(1);
  for (let count = 0; count < 3; count += 1) await source.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'k' }));
  assert.ok(await consumer.holds('test', 4));
  await put(1, era, ...(await note(15)));
  await until('it is told', async () => (await consumer.health.check()).status === 'DOWN');
  assert.deepEqual(applied, [1, 2]);
});

test('a consumer that pulls the log is told when a broker has brought it what the log lost', async () => {
  const { target, applied, consume, note, put, restore, back, feed } = await scene();
  {
    await using _consumer = consume();
    await put(0, 'era-1', ...(await note(1, 2, 3)));
    await until('all are applied', () => applied.length === 3);
  }
  restore(1);
  await note(12, 13, 14);
  const store = sinceBroker(target.deliveries, { as: 'other', feed });
  await assert.rejects(store.position('test'), (error) => codeOf(error) === 'MESSAGING_FEED_AHEAD');
  await back(1);
  assert.equal(await store.position('test'), 0);
});
