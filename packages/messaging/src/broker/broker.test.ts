import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf, seededRandom, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Broker, Publication } from '../broker.port.ts';
import { brokerLaneOf, trackOf } from '../broker-lane.ts';
import type { DeliveryStore } from '../delivery-store.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import type { RetryPolicy } from '../feed/settler.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import { foreignMessage } from '../testing/database-contract.ts';
import type { MemoryBroker } from '../testing/memory-broker.ts';
import { memoryBroker } from '../testing/memory-broker.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import { memoryRelayStore } from '../testing/memory-relay-store.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { doIt, ignored, noted } from '../testing/sample-contracts.ts';
import { startBrokerConsumer } from './broker-consumer.ts';
import { fromRecord, toRecord } from './envelope.ts';
import { startRelay } from './relay.ts';
import { sinceBroker } from './since-broker.ts';
import { eventsTopic, inboxTopic, routesOf } from './topics.ts';

const clock = systemClock;
const random = seededRandom(1);
const grant = { events: ['test.noted'], addressed: true };
const [events, inbox] = [eventsTopic('shop', 'test'), inboxTopic('shop', 'other')];

/** A service `test` whose log goes to a broker, and a service `other` that consumes. */
function scene(server: MemoryBroker = memoryBroker(), granted = grant) {
  const routes = routesOf('shop', 'test', { other: granted });
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const tail = logTail({ log: source.log, clock });
  const store = memoryRelayStore(clock);
  const applied: unknown[] = [];
  const relay = (
    broker: Broker = server.connect(),
    options: { owner?: string; maxBytes?: number; window?: number } = {},
  ) =>
    startRelay({
      service: 'test',
      owner: 'one',
      log: source.log,
      tail,
      store,
      broker,
      routes,
      clock,
      random,
      telemetry: silentTelemetry(),
      leaseMs: 1_000,
      ...options,
    });
  const consume = (
    dispatch: (message: Message) => Promise<void> = async () => undefined,
    { broker = server.connect(), retry }: { broker?: Broker; retry?: RetryPolicy } = {},
  ) =>
    startBrokerConsumer({
      broker,
      as: 'other',
      topics: [events, inbox],
      sources: ['test'],
      wants: ({ kind, type }) => kind !== 'event' || type === 'test.noted',
      feed: (name) =>
        name === 'test' ? localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }) : undefined,
      deliveries: target.deliveries,
      dispatch: async (message, _, tx) => {
        await dispatch(message);
        applied.push(message.kind === 'event' ? (message.data as { count: number }).count : message.type);
        tx.set(`applied ${message.id}`, true);
        return message.kind === 'command' ? { ok: true, value: null } : undefined;
      },
      clock,
      random,
      telemetry: silentTelemetry(),
      ...(retry === undefined ? {} : { retry }),
    });
  const note = (key: string, ...counts: readonly number[]) =>
    source.uow(testCall(), async (tx) => {
      for (const count of counts) tx.emit(noted, { key, count });
    });
  return { server, source, target, store, applied, relay, consume, note };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = clock.monotonicMs() + 30_000;
  while (!holds()) {
    assert.ok(clock.monotonicMs() < giveUpAt, `it did not come true in 30 s that ${what}`);
    await wait(clock, 2);
  }
}

/** A broker that does something else with some publications. */
function bent(broker: Broker, publish: (publication: Publication, go: () => Promise<void>) => Promise<void>): Broker {
  return {
    kind: broker.kind,
    state: broker.state,
    declare: (topics) => broker.declare(topics),
    publish: (publication) => publish(publication, () => broker.publish(publication)),
    subscribe: (options) => broker.subscribe(options),
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** Another key that travels in the same lane. */
function sameLane(key: string): string {
  const lane = brokerLaneOf(key);
  return (
    numbers(1_000)
      .map(String)
      .find((other) => brokerLaneOf(other) === lane) ?? assert.fail()
  );
}

const numbers = (to: number) => Array.from({ length: to }, (_, index) => index + 1);

describe('a log behind a broker', () => {
  test('reaches those who react and those who are addressed, and nobody else', async () => {
    const { source, target, applied, relay, consume } = scene();
    await using _relay = relay();
    await using _consumer = consume();
    await source.uow(testCall(), async (tx) => {
      tx.emit(noted, { key: 'k', count: 1 });
      tx.emit(ignored, { key: 'k' });
      tx.send(doIt, { key: 'k' });
      tx.emit(noted, { key: 'k', count: 2 });
    });
    await until('all three are applied', () => applied.length === 3);
    assert.deepEqual(
      applied.filter((what) => typeof what === 'number'),
      [1, 2],
    );
    assert.ok(applied.includes('other.doIt'));
    const { messages } = await target.log.read(0, { events: [], destination: 'test' }, 10);
    assert.equal(messages.length, 1, 'the command has its reply');
  });

  test('is applied exactly once, in order for each key, through an absence of the broker and a relay that repeats itself', async () => {
    const { server, applied, relay, consume, note, store } = scene();
    const seen = new Map<string, number[]>();
    await using _consumer = consume(async ({ key, data }) => {
      seen.set(key, [...(seen.get(key) ?? []), (data as { count: number }).count]);
    });
    const first = relay();
    for (const count of numbers(40)) await note(`k${count % 5}`, count);
    await until('some are applied', () => applied.length > 10);
    server.stop();
    await note('k1', 41);
    await until('the relay tells that it fails', () => first.state.status === 'failing');
    assert.ok(first.state.behindMs >= 0 && first.state.failures > 0);
    assert.equal(await Promise.resolve(first.health.check()).then(({ status }) => status), 'DOWN');
    server.start();
    await until('all are applied', () => applied.length === 41);
    await first.close();
    // A relay that crashed before it had noted anything: everything is published once more.
    Object.assign(store, { claim: async () => ({ position: 0, heads: {} }), move: async () => true });
    await using _second = relay(server.connect(), { owner: 'two' });
    await note('k0', 42);
    await until('what is new is applied', () => applied.includes(42));
    assert.deepEqual([...applied].sort(), numbers(42).sort());
    for (const counts of seen.values())
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
  });

  test('moves its mark only to where everything below is confirmed', async () => {
    const { server, store, relay, note } = scene();
    let confirm: () => void = () => undefined;
    const slow = bent(server.connect(), async ({ record }, go) => {
      await go();
      if (record.attributes.durepos === '2') await new Promise<void>((resolve) => (confirm = resolve));
    });
    await using running = relay(slow);
    await note('k', 1, 2, 3);
    await until('the first is noted', () => store.mark.position === 1);
    assert.deepEqual(Object.values(store.mark.heads), [1]);
    assert.equal(running.state.position, 1);
    confirm();
    await until('all are noted', () => store.mark.position === 3);
    assert.deepEqual(Object.values(store.mark.heads), [3]);
  });

  test('has a window: no more than so many are under way', async () => {
    const { server, relay, note } = scene();
    let underWay = 0;
    let most = 0;
    const counting = bent(server.connect(), async (_, go) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await wait(clock, 1);
      await go();
      underWay -= 1;
    });
    await using running = relay(counting, { window: 4 });
    await note('k', ...numbers(40));
    await until('all are confirmed', () => running.state.position === 40);
    assert.equal(most, 4);
  });

  test('is published by one process at a time, and by the next one when that has gone', async () => {
    const { store, relay, note, server } = scene();
    const first = relay(server.connect(), { owner: 'one' });
    await note('k', 1);
    await until('the first publishes', () => store.mark.position === 1);
    await using second = relay(server.connect(), { owner: 'two' });
    await until('the second waits', () => second.state.status === 'waiting');
    await note('k', 2);
    await until('it goes on', () => store.mark.position === 2);
    await first.close();
    await note('k', 3);
    await until('the second publishes', () => store.mark.position === 3);
    assert.equal(second.state.status, 'publishing');
  });

  test('what the broker has lost is taken from the log', async () => {
    const { server, applied, relay, consume, note } = scene();
    const lossy = bent(server.connect(), async ({ record }, go) => {
      if (['2', '3'].includes(record.attributes.durepos ?? '')) return; // Confirmed and gone.
      await go();
    });
    await using _relay = relay(lossy);
    await using _consumer = consume();
    await note('k', 1, 2, 3, 4);
    await until('all are applied', () => applied.length === 4);
    assert.deepEqual(applied, [1, 2, 3, 4]);
  });

  test('what is too large for the broker stays in the log and is taken from there', async () => {
    const { applied, relay, consume, note, server } = scene();
    await using _relay = relay(server.connect(), { maxBytes: 30 });
    await using _consumer = consume();
    await note('k'.repeat(100), 1);
    await note('k', 2);
    await until('both are applied', () => applied.length === 2);
  });

  test('a message that cannot be applied parks its key; all others go on, those of its lane as well', async () => {
    const { target, applied, relay, consume, note } = scene();
    const other = sameLane('a');
    let broken = true;
    const retry = { attemptsInPlace: 1, firstDelayMs: 5, maxDelayMs: 5, maxAttempts: 2 };
    await using _relay = relay();
    await using consumer = consume(
      async ({ key }) => {
        if (broken && key === 'a') throw new TypeError('not now');
      },
      { retry },
    );
    await note('a', 1, 2);
    await note(other, 3);
    await until('what is behind it in its lane is applied', () => applied.includes(3));
    const [source] = consumer.sources;
    const standing = () => source?.state && consumer.sources[0]?.state.standing;
    await until('the key waits for somebody', () => standing()?.stopped === 1);
    assert.equal((await source?.health.check())?.status, 'DOWN');
    const [key] = await target.deliveries.operations.list({ limit: 10 });
    assert.deepEqual([key?.source, key?.key, key?.messages], ['test', 'a', 2]);
    broken = false;
    await target.deliveries.operations.retry('test', 'a', { by: 'sora', why: 'mended', at: clock.now() });
    source?.ring();
    await until('all are applied', () => applied.length === 3);
    assert.deepEqual(applied, [3, 1, 2]);
    await until('nothing is parked', () => standing()?.keys === 0);
  });

  test('a key that was parked while the logs were pulled keeps its order behind a broker', async () => {
    const { source, target, applied, relay, consume, note } = scene();
    await note('a', 1);
    const [first] = (await source.log.read(0, 'all', 1)).messages;
    const failure = { code: undefined, message: 'no', attempts: 1, at: clock.now(), nextAt: undefined };
    assert.equal(await target.deliveries.park(first ?? assert.fail(), failure), 'parked');
    await note('a', 2);
    await note('b', 3);
    await using _relay = relay();
    await using consumer = consume();
    await until('the other key is applied', () => applied.includes(3));
    assert.deepEqual(applied, [3]);
    await target.deliveries.operations.retry('test', undefined, { by: 'sora', why: 'mended', at: clock.now() });
    consumer.sources[0]?.ring();
    await until('all are applied', () => applied.length === 3);
    assert.deepEqual(applied, [3, 1, 2]);
  });

  test('a source that is paused brings nothing, whatever its lanes, until it is resumed', async () => {
    const { target, applied, relay, consume, note } = scene();
    const who = { by: 'sora', why: 'the ledger is being moved', at: clock.now() };
    await target.deliveries.operations.pause('test', who);
    await using _relay = relay();
    await using consumer = consume();
    for (const count of numbers(5)) await note(`k${count}`, count);
    await until('it is told', () => consumer.sources[0]?.state.status === 'paused');
    assert.deepEqual(applied, []);
    await target.deliveries.operations.resume('test', who);
    consumer.sources[0]?.ring();
    await until('all are applied', () => applied.length === 5);
  });

  test('a record of somebody else is passed over', async () => {
    const { server, applied, relay, consume, note } = scene();
    await using _relay = relay();
    await using _consumer = consume();
    await note('k', 1);
    await until('the first is applied', () => applied.length === 1);
    const record = { attributes: { id: 'x' }, body: Buffer.from('{') };
    for (const lane of numbers(15)) await server.connect().publish({ topic: events, lane, key: 'k', id: 'x', record });
    await note('k', 2);
    await until('the next is applied', () => applied.length === 2);
  });

  test('what is passed over is stored now and then, for whoever has the lane next', async () => {
    const granted = { events: ['test.noted', 'test.ignored'], addressed: true };
    const { source, target, relay, consume, applied } = scene(memoryBroker(), granted);
    await using _relay = relay();
    await using _consumer = consume();
    await source.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'k' }));
    let stored = 0;
    const look = async () => {
      stored = await target.deliveries.position(trackOf({ source: 'test', kind: 'event', key: 'k' }));
    };
    await until('it is stored', () => {
      void look();
      return stored === 1;
    });
    assert.deepEqual(applied, []);
  });

  test('a consumer that had the log by feed goes on where that ended', async () => {
    const { target, applied, relay, consume, note, source } = scene();
    await note('k', 1, 2, 3);
    const { messages } = await source.log.read(0, 'all', 2);
    for (const message of messages) await target.deliveries.deliver(message, testCall(), async () => undefined);
    await using _relay = relay();
    await using _consumer = consume();
    await until('the rest is applied', () => applied.length === 1);
    assert.deepEqual(applied, [3]);
  });
});

test('a consumer that pulls the log passes over what a broker had brought before', async () => {
  const { deliveries } = scene().target;
  const store = sinceBroker(
    {
      position: (stream) => deliveries.position(stream),
      skipTo: (stream, position) => deliveries.skipTo(stream, position),
      reached: (streams) => deliveries.reached(streams),
      era: (stream) => deliveries.era(stream),
      enterEra: (...args) => deliveries.enterEra(...args),
      deliver: (...all) => deliveries.deliver(...all),
    } satisfies DeliveryStore<MemoryTx>,
    { as: 'test', feed: () => assert.fail('its lanes are of no era') },
  );
  const [brought, fresh] = [5, 6].map((position) => foreignMessage({ position }));
  assert.ok(brought !== undefined && fresh !== undefined);
  const nothing = async () => undefined;
  assert.equal(await deliveries.deliver(brought, testCall(), nothing, { stream: trackOf(brought) }), 'applied');
  assert.equal(await store.deliver(brought, testCall(), nothing), 'duplicate');
  assert.equal(await store.position('other'), 5);
  assert.equal(await store.deliver(fresh, testCall(), nothing), 'applied');
});

describe('a message on its way through a broker', () => {
  const first = { previous: 0, era: undefined };
  test('is what it was', () => {
    const message = foreignMessage({ data: { 두레: ['a', 1] }, key: '주문 1' });
    const arrival = { message, previous: 3, era: 'era-1', inLog: false };
    assert.deepEqual(fromRecord(toRecord(message, { previous: 3, era: 'era-1' }, 1_000)), arrival);
    const older = toRecord(message, { previous: 3, era: undefined }, 1_000);
    assert.deepEqual(fromRecord(older), { ...arrival, era: undefined });
    assert.ok(!('dureera' in older.attributes));
  });

  test('leaves data that is too large in the log', () => {
    const { message, inLog } = fromRecord(toRecord(foreignMessage({ data: 'x'.repeat(100) }), first, 50));
    assert.deepEqual([message.data, inLog], [null, true]);
  });

  test('is refused when it is none of ours', () => {
    const good = toRecord(foreignMessage(), first, 1_000);
    const { dureprevious: _, ...without } = good.attributes;
    for (const record of [
      { ...good, attributes: without },
      { ...good, body: Buffer.from([0xff]) },
      { ...good, attributes: { ...good.attributes, durekind: 'x' } },
      { ...good, attributes: { ...good.attributes, dureera: 'two words' } },
    ]) {
      assert.throws(
        () => fromRecord(record),
        (error) => codeOf(error) === 'MESSAGING_ENVELOPE_INVALID',
      );
    }
  });
});
