import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { seededRandom } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Broker, BrokerRecord, SubscribeOptions } from '../broker.port.ts';
import { brokerLaneOf, trackOf } from '../broker-lane.ts';
import type { DeliveryStore, ParkingDeliveryStore } from '../delivery-store.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import type { RetryPolicy } from '../feed/settler.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import { foreignMessage } from '../testing/database-contract.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { ignored, noted } from '../testing/sample-contracts.ts';
import { startBrokerConsumer } from './broker-consumer.ts';
import { chainFrom } from './chain.ts';
import { toRecord } from './envelope.ts';

/** Two keys of one lane, and one of another. */
const [a, sameLane, other] = [
  'a',
  keyWhere((lane) => lane === brokerLaneOf('a')),
  keyWhere((lane) => lane !== brokerLaneOf('a')),
];

function keyWhere(holds: (lane: number) => boolean): string {
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
  return keys.find((key) => holds(brokerLaneOf(key))) ?? assert.fail();
}

interface Unit {
  /** What it was to deliver: the positions. */
  readonly positions: readonly number[];
  /** What the consumer had seen stored. */
  readonly after: number | undefined;
}

/** The log of `test`, and `other`, which consumes what the test hands to it; its transactions are noted. */
function scene(
  dispatch: (message: Message, signal: AbortSignal) => Promise<void> | void = () => undefined,
  retry: RetryPolicy = { attemptsInPlace: 1, firstDelayMs: 60_000 },
) {
  const clock = fakeClock();
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const grant = { events: ['test.noted'], addressed: true };
  const tail = logTail({ log: source.log, clock });
  const units: Unit[] = [];
  const telemetry = silentTelemetry();
  const warnings: string[] = [];
  let handle: SubscribeOptions['handle'] = () => assert.fail('nobody has subscribed');
  const broker: Broker = {
    kind: 'handed',
    state: { status: 'connected', error: undefined },
    declare: async () => undefined,
    publish: async () => undefined,
    subscribe: (options) => {
      handle = options.handle;
      return { held: 0, close: async () => undefined };
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const consume = () =>
    startBrokerConsumer<MemoryTx>({
      broker,
      as: 'other',
      topics: ['shop.test.events'],
      sources: ['test'],
      wants: ({ type }) => type === 'test.noted',
      feed: () => localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }),
      deliveries: noticing(target.deliveries, units),
      dispatch: async (message, { signal }, tx) => {
        await dispatch(message, signal);
        const name = `times ${message.position}`;
        tx.set(name, ((tx.get(name) as number) ?? 0) + 1);
        return undefined;
      },
      clock,
      random: seededRandom(1),
      telemetry: { ...telemetry, log: { ...telemetry.log, warn: (text) => void warnings.push(text) } },
      retry,
    });
  const consumer = consume();
  return {
    clock,
    consume,
    target,
    consumer,
    units,
    warnings,
    handle: (records: readonly BrokerRecord[], signal = new AbortController().signal) => handle(records, signal),
    /** Writes an event of each key, and gives the records as a relay publishes them. */
    async write(...keys: readonly string[]): Promise<readonly BrokerRecord[]> {
      const before = await source.log.advance();
      await source.uow(testCall(), async (tx) => {
        for (const [index, key] of keys.entries()) tx.emit(noted, { key, count: index + 1 });
      });
      return recordsOf((await source.log.read(0, 'all', 1_000)).messages, source.log.era()).slice(before);
    },
    async ignore(key: string): Promise<void> {
      await source.uow(testCall(), async (tx) => tx.emit(ignored, { key }));
    },
    records: async () => recordsOf((await source.log.read(0, 'all', 1_000)).messages, source.log.era()),
    /** By position, of what was committed. */
    times: () =>
      Object.fromEntries([...target.values].map(([name, count]) => [Number(name.replace('times ', '')), count])),
    async [Symbol.asyncDispose]() {
      await consumer.close();
      tail.close();
    },
  };
}

/** Notes each transaction that is tried. */
function noticing(store: ParkingDeliveryStore<MemoryTx>, units: Unit[]): ParkingDeliveryStore<MemoryTx> {
  const noted: Pick<Required<DeliveryStore<MemoryTx>>, 'deliver' | 'deliverTogether'> = {
    deliver(message, call, effect, way) {
      units.push({ positions: [message.position], after: way?.after });
      return store.deliver(message, call, effect, way);
    },
    async deliverTogether(deliveries, way) {
      units.push({ positions: deliveries.map(({ message }) => message.position), after: way?.after });
      return store.deliverTogether?.(deliveries, way);
    },
  };
  return new Proxy(store, {
    get(_, name) {
      const from = name in noted ? noted : store;
      const value: unknown = Reflect.get(from, name);
      return typeof value === 'function' ? value.bind(from) : value;
    },
  });
}

function recordsOf(messages: readonly Message[], era: string | undefined): readonly BrokerRecord[] {
  const ends = new Map<string, number>();
  return messages.map((message) => {
    const previous = ends.get(trackOf(message)) ?? 0;
    ends.set(trackOf(message), message.position);
    return toRecord(message, { previous, era }, 9_000);
  });
}

const positionsOf = (units: readonly Unit[]) => units.map(({ positions }) => positions);
const once = (...positions: readonly number[]) => Object.fromEntries(positions.map((position) => [position, 1]));

test('messages of a lane that wait are applied together, more of them each time', async () => {
  await using it = scene();
  const records = await it.write(a, a, a, sameLane, a, sameLane, a, a);
  assert.equal(await it.handle(records), 8);
  assert.deepEqual(it.units, [
    { positions: [1], after: undefined },
    { positions: [2, 3], after: 1 },
    { positions: [4, 5, 6, 7], after: 3 },
    { positions: [8], after: 7 },
  ]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 5, 6, 7, 8));
});

test('messages of several lanes in one partition are applied lane by lane, those of each together', async () => {
  await using it = scene();
  const records = await it.write(a, other, a, other, a, other);
  assert.equal(await it.handle(records), 6);
  assert.deepEqual(positionsOf(it.units), [[1], [3, 5], [2], [4, 6]]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 5, 6));
});

test('what is missing in the middle is taken from the log before what comes behind it', async () => {
  await using it = scene();
  const [one, two, , four, five] = await it.write(a, a, a, a, a);
  assert.ok(one && two && four && five);
  assert.equal(await it.handle([one, two, four, five]), 4);
  assert.deepEqual(positionsOf(it.units), [[1], [2], [3], [4, 5]]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 5));
});

test('what the broker has not brought is taken from the log together', async () => {
  await using it = scene();
  const records = await it.write(a, a, a, a, a, a, a, a);
  assert.equal(await it.handle(records.slice(7)), 1);
  assert.deepEqual(positionsOf(it.units), [[1], [2, 3], [4, 5, 6, 7], [8]]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 5, 6, 7, 8));
});

test('what comes again in the middle is dropped, and not tried', async () => {
  await using it = scene();
  const [one, two, three, four] = await it.write(a, a, a, a);
  assert.ok(one && two && three && four);
  assert.equal(await it.handle([one, two, one, two, three, three, four]), 7);
  assert.deepEqual(positionsOf(it.units), [[1], [2], [3], [4]]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4));
});

test('what is none of the consumer’s business is passed over, and parts nobody', async () => {
  await using it = scene();
  await it.write(a, a);
  await it.ignore(a);
  await it.write(a);
  await it.ignore(a);
  assert.equal(await it.handle(await it.records()), 5);
  assert.deepEqual(positionsOf(it.units), [[1], [2, 4]]);
  await it.consumer.close();
  assert.equal(await it.target.deliveries.position(trackOf({ source: 'test', kind: 'event', key: a })), 5);
});

test('a record of somebody else in the middle parts nobody', async () => {
  await using it = scene();
  const [one, two, three] = await it.write(a, a, a);
  assert.ok(one && two && three);
  assert.equal(await it.handle([one, two, { attributes: { id: 'x' }, body: Buffer.from('{') }, three]), 4);
  assert.deepEqual(positionsOf(it.units), [[1], [2, 3]]);
});

test('one that fails in the middle parks its key alone, and all others are applied once', async () => {
  const bad = 5;
  await using it = scene(({ position }) => {
    if (position === bad) throw new TypeError('not this one');
  });
  const records = await it.write(a, a, a, a, sameLane, a, sameLane, a, a, other, other, other);
  assert.equal(await it.handle(records), 12);
  assert.deepEqual(it.units, [
    { positions: [1], after: undefined },
    { positions: [2, 3], after: 1 },
    { positions: [4, 5, 6, 7], after: 3 },
    { positions: [4], after: 3 },
    { positions: [5], after: 4 },
    { positions: [6], after: 5 },
    { positions: [7], after: 6 },
    { positions: [8, 9], after: 7 },
    // Another lane does not go one by one for that.
    { positions: [10], after: undefined },
    { positions: [11, 12], after: 10 },
  ]);
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 6, 8, 9, 10, 11, 12));
  const parked = await it.target.deliveries.operations.list({ limit: 9 });
  assert.deepEqual(
    parked.map(({ key, messages }) => [key, messages]),
    [[sameLane, 2]],
  );
});

test('a consumer whose database was set back applies again together what it lost', async () => {
  await using it = scene();
  const records = await it.write(...Array.from({ length: 9 }, () => a));
  assert.equal(await it.handle(records.slice(0, 7)), 7);
  const lanes = [{ stream: trackOf({ source: 'test', kind: 'event', key: a }), era: 'era-1' }];
  await it.target.deliveries.operations.setBack('test', lanes, 1, { by: 'sora', why: 'restored', at: 1 });
  let count = 0;
  void it.handle(records.slice(7)).then((taken) => {
    count = taken;
  });
  for (let turn = 0; turn < 100 && count === 0; turn += 1) {
    await it.clock.advance(100);
    await setImmediate();
  }
  assert.equal(count, 2);
  assert.deepEqual(it.units.slice(3), [
    { positions: [8, 9], after: 7 },
    { positions: [8], after: 7 },
    // From here on the log has been asked.
    { positions: [2], after: undefined },
    { positions: [3], after: 2 },
    { positions: [4, 5], after: 3 },
    { positions: [6, 7], after: 5 },
    { positions: [8, 9], after: 7 },
  ]);
  assert.deepEqual(it.times(), { ...once(1, 8, 9), 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2 }, 'in memory effects stay');
});

test('a consumer that is stopped says how many it has taken from the front, and the next one drops what it gets again', async () => {
  const { promise: reached, resolve: isReached } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using it = scene(async ({ position }) => {
    if (position !== 2) return;
    isReached();
    await gate;
  });
  // The first lane is done as a whole before the second begins.
  const records = await it.write(a, other, a, other, a);
  const handling = it.handle(records);
  await reached;
  const closing = it.consumer.close();
  open();
  assert.equal(await handling, 3, 'behind them 4 is not taken, though 5 is');
  await closing;
  assert.deepEqual(it.times(), once(1, 2, 3, 5));
  const next = it.consume();
  assert.equal(await it.handle(records.slice(3)), 2);
  await next.close();
  assert.deepEqual(it.times(), once(1, 2, 3, 4, 5));
});

test('a consumer that is stopped in the middle of an effect has taken nothing of it, and warns of nothing', async () => {
  const { promise: reached, resolve: isReached } = Promise.withResolvers<void>();
  await using it = scene((_, signal) => {
    isReached();
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const handling = it.handle(await it.write(a));
  await reached;
  const closing = it.consumer.close();
  await it.clock.advance(2_000);
  assert.equal(await handling, 0);
  await closing;
  assert.deepEqual([it.times(), it.warnings], [{}, []]);
});

test('when the partition goes to another, what has begun is done and nothing more is begun', async () => {
  const left = new AbortController();
  await using it = scene(({ position }) => {
    if (position === 2) left.abort();
  });
  const records = await it.write(a, a, a, a, other);
  assert.equal(await it.handle(records, left.signal), 3);
  assert.deepEqual(it.times(), once(1, 2, 3));
});

test('a lane that cannot be followed is left when its partition goes to another', async () => {
  await using it = scene();
  const records = await it.write(a, a);
  it.target.deliveries.reached = () => Promise.reject(new TypeError('no database'));
  const left = new AbortController();
  const handling = it.handle(records, left.signal);
  while ((await it.consumer.health.check()).status === 'UP') await it.clock.advance(10);
  left.abort();
  assert.equal(await handling, 0);
  assert.equal((await it.consumer.health.check()).status, 'UP', 'it is not stuck here');
});

test('a chain ends at another era, at data that stayed in the log, and where something is missing or comes again', () => {
  const arrival = (position: number, more: { previous?: number; era?: string; inLog?: boolean } = {}) => ({
    message: foreignMessage({ position }),
    previous: position - 1,
    era: 'era-1',
    inLog: false,
    ...more,
  });
  const lengthOf = (...arrivals: Parameters<typeof chainFrom>[0]) => chainFrom(arrivals).length;
  assert.equal(lengthOf(arrival(5), arrival(6), arrival(7)), 3);
  assert.equal(lengthOf(arrival(5), arrival(6), arrival(7, { era: 'era-2' })), 2);
  assert.equal(lengthOf(arrival(5), arrival(6, { inLog: true }), arrival(7)), 1);
  assert.equal(lengthOf(arrival(5), arrival(7), arrival(8)), 1);
  assert.equal(lengthOf(arrival(5), arrival(6), arrival(6)), 2);
  assert.equal(lengthOf(arrival(5), arrival(6, { previous: 4 })), 1);
});
