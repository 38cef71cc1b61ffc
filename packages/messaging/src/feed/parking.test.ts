import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Random } from '@dure/core';
import { codeOf, DureError, seededRandom } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import fc from 'fast-check';
import type { Dispatch } from '../attempts/delivery-attempt.ts';
import type { ParkingDeliveryStore } from '../delivery-store.port.ts';
import type { Message } from '../message.ts';
import type { MemoryDatabase } from '../testing/memory-database.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { noted } from '../testing/sample-contracts.ts';
import type { FeedConsumer } from './feed-consumer.ts';
import { startFeedConsumer } from './feed-consumer.ts';
import type { FeedSource } from './feed-source.port.ts';
import type { RetryPolicy } from './settler.ts';
import { startSettler } from './settler.ts';

/** The log of `test`, read until its end and then opened again. */
function feedOf({ log }: MemoryDatabase): FeedSource {
  return {
    positionAt: async () => 0,
    ends: () => assert.fail('its positions come in order'),
    eras: () => assert.fail('no broker is before it'),
    payload: () => assert.fail('nothing is large'),
    source: 'test',
    async *open(after, signal) {
      for (let at = after; !signal.aborted; ) {
        const page = await log.read(at, { events: ['test.noted'], destination: 'other' }, 4);
        yield page;
        if (page.mark === at) return;
        at = page.mark;
      }
    },
  };
}

const retry: RetryPolicy = { maxAttempts: 4, maxDelayMs: 60_000 };

function world(
  dispatch: Dispatch<MemoryTx>,
  policy = retry,
  change: (store: ParkingDeliveryStore<MemoryTx>) => ParkingDeliveryStore<MemoryTx> = (store) => store,
) {
  const clock = fakeClock();
  const from = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const telemetry = memoryTelemetry({ clock });
  const deliveries = change(target.deliveries);
  const start = (seed = 1) =>
    startFeedConsumer<MemoryTx>({
      feed: feedOf(from),
      as: 'other',
      deliveries,
      dispatch,
      clock,
      telemetry,
      random: seededRandom(seed),
      retry: policy,
    });
  const write = (...keys: readonly string[]) =>
    from.uow(testCall(), async (tx) => {
      for (const key of keys) tx.emit(noted, { key, count: 1 });
    });
  const applied = (key: string) => (target.values.get(key) ?? []) as readonly number[];
  return { clock, target, telemetry, start, write, applied };
}

function note(message: Message, tx: MemoryTx): void {
  tx.set(message.key, [...((tx.get(message.key) ?? []) as readonly number[]), message.position]);
}

/** Lets time pass until a condition holds. */
async function until(clock: FakeClock, what: string, holds: () => boolean, mostMs = 3_600_000): Promise<void> {
  for (let passed = 0; !holds(); passed += 50) {
    assert.ok(passed < mostMs, `it did not come true in ${mostMs} ms that ${what}`);
    await clock.advance(50);
  }
}

async function close(clock: FakeClock, consumer: FeedConsumer): Promise<void> {
  let closed = false;
  void consumer.close().then(() => {
    closed = true;
  });
  await until(clock, 'it is closed', () => closed);
}

test('a consumer that is slow, though nothing fails, tells how old the message at hand is', async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const { clock, start, write, applied, telemetry } = world(async (message, _call, tx) => {
    await goOn;
    note(message, tx);
    return undefined;
  });
  await write('a');
  const consumer = start();
  await clock.advance(5_000);
  const gauge = () =>
    telemetry.metrics.snapshot().find(({ name }) => name === 'messaging.behind')?.series[0]?.measurements.VALUE;
  assert.deepEqual([consumer.state.status, consumer.state.behindMs, gauge()], ['following', 5_000, 5]);
  resolve();
  await until(clock, 'it is applied', () => applied('a').length === 1 && consumer.state.behindMs === 0);
  assert.equal(gauge(), 0);
  await close(clock, consumer);
});

describe('a consumer that meets a message it cannot apply', () => {
  test('tries it three times within a second, then parks its key, and all others go on', async () => {
    let tries = 0;
    const { clock, start, write, applied, target, telemetry } = world(async (message, _call, tx) => {
      if (message.key === 'bad') {
        tries += 1;
        throw new TypeError('poison');
      }
      note(message, tx);
      return undefined;
    });
    await write('a', 'bad', 'b', 'bad', 'a');
    const consumer = start();
    await until(clock, 'the others are applied', () => applied('a').length === 2, 1_000);
    assert.deepEqual([applied('a'), applied('b'), applied('bad')], [[1, 5], [3], []]);
    assert.equal(tries, 1 + 3, 'together with another, and three times by itself');
    await until(clock, 'it looked', () => consumer.state.standing?.keys === 1);
    assert.equal(consumer.state.status, 'following');
    assert.equal((await consumer.health.check()).status, 'UP', 'it is tried again: nobody need do anything yet');
    assert.match(telemetry.lines.join('\n'), /its key is parked.*poison/);
    assert.match(telemetry.metrics.prometheus(), /messaging_parked_keys\{source="test"\} 1/);
    assert.equal(await target.deliveries.position('test'), 5);
    await close(clock, consumer);
  });

  test('tries the key again, ever more seldom, applies what waits in order when it can, and the key is free', async () => {
    let broken = true;
    const at: number[] = [];
    const { clock, start, write, applied } = world(async (message, _call, tx) => {
      if (broken && message.key === 'k') {
        at.push(clock.now());
        throw new TypeError('not yet');
      }
      note(message, tx);
      return undefined;
    });
    await write('k', 'k', 'other');
    const consumer = start();
    await until(clock, 'it was tried from the parking place twice', () => at.length === 5);
    const [parked = 0, first = 0, second = 0] = at.slice(2);
    assert.ok(first - parked >= 500 && first - parked <= 1_100, `${first - parked} ms`);
    assert.ok(second - first >= 1_000 && second - first <= 2_100, `${second - first} ms`);
    broken = false;
    await until(clock, 'all are applied', () => applied('k').length === 2);
    assert.deepEqual(applied('k'), [1, 2]);
    await write('k');
    await until(clock, 'the next comes directly', () => applied('k').length === 3, 1_000);
    await close(clock, consumer);
  });

  test('gives a key up after its last try, says so, and is down until somebody does something', async () => {
    const { clock, start, write, telemetry } = world(async () => {
      throw new TypeError('poison');
    });
    await write('k');
    const consumer = start();
    await until(clock, 'it is given up', () => consumer.state.standing?.stopped === 1);
    assert.equal((await consumer.health.check()).status, 'DOWN');
    assert.match(telemetry.lines.join('\n'), /not tried any more; it waits for an operator/);
    assert.match(telemetry.metrics.prometheus(), /messaging_stopped_keys\{source="test"\} 1/);
    await close(clock, consumer);
  });

  test('parks at once what no repetition mends, and tries longer what may pass by itself', async () => {
    const tries = { fatal: 0, transient: 0 };
    let fatalTries = 0;
    const { clock, start, write, applied } = world(
      async (message, _call, tx) => {
        if (message.key === 'fatal') {
          tries.fatal += 1;
          throw new DureError('TEST_FATAL', 'internal', 'never');
        }
        tries.transient += 1;
        if (tries.transient === 1) fatalTries = tries.fatal;
        if (tries.transient <= 8) throw new DureError('TEST_DOWN', 'unavailable', 'in a moment');
        note(message, tx);
        return undefined;
      },
      { ...retry, fatal: ['TEST_FATAL'] },
    );
    await write('fatal', 'transient');
    const consumer = start();
    await until(clock, 'it has passed', () => applied('transient').length === 1, 10_000);
    assert.deepEqual([fatalTries, tries.transient], [1, 9]);
    await close(clock, consumer);
  });

  test('never gives up a reply, because a saga waits for it, and is down while it does', async () => {
    let broken = true;
    const { clock, start, target, telemetry, applied } = world(async (message, _call, tx) => {
      if (broken) throw new TypeError('no saga');
      note(message, tx);
      return undefined;
    });
    const reply = { kind: 'reply', source: 'test', destination: 'other', key: 'k', type: 'test.hold' } as const;
    await target.deliveries.park(
      {
        ...reply,
        position: 1,
        id: 'r',
        version: 1,
        at: 1,
        data: { ok: true, value: null },
        meta: { correlation: 'c' },
      },
      { code: undefined, message: 'no saga', attempts: 1, at: clock.now(), nextAt: clock.now() },
    );
    const consumer = start();
    await clock.advance(600_000);
    assert.deepEqual([consumer.state.standing?.replies, consumer.state.standing?.stopped], [1, 0]);
    assert.equal((await consumer.health.check()).status, 'DOWN');
    assert.match(telemetry.lines.join('\n'), /a reply waits, and with it a saga/);
    broken = false;
    await until(clock, 'it is applied', () => applied('k').length === 1, 61_000);
    await close(clock, consumer);
  });

  test('pauses rather than park the world, and goes on when it works again', async () => {
    let broken = true;
    const { clock, start, write, applied, target } = world(
      async (message, _call, tx) => {
        if (broken) throw new TypeError('all is broken');
        note(message, tx);
        return undefined;
      },
      { maxAttempts: 1_000, maxDelayMs: 60_000, mostParked: 3 },
    );
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await write(...keys);
    const consumer = start();
    await until(clock, 'it is stuck', () => consumer.state.status === 'stuck');
    assert.equal(await target.deliveries.position('test'), 3);
    assert.equal((await consumer.health.check()).status, 'DOWN');
    await clock.advance(300_000);
    const { keys: parked } = await target.deliveries.parked.standing('test');
    assert.ok(parked >= 4 && parked <= 9, `one a minute is parked to find out, not ${parked}`);
    broken = false;
    await until(clock, 'all are applied', () => keys.every((key) => applied(key).length === 1));
    await close(clock, consumer);
  });

  test('holds a message while its own database cannot be reached, and parks nothing', async () => {
    let down = true;
    const { clock, start, write, applied, target } = world(
      async (message, _call, tx) => {
        note(message, tx);
        return undefined;
      },
      retry,
      (store) => ({
        idsKeptMs: store.idsKeptMs,
        operations: store.operations,
        deliverBatch: (...args) => store.deliverBatch(...args),
        position: (source) => store.position(source),
        skipTo: (source, position) => store.skipTo(source, position),
        reached: (streams) => store.reached(streams),
        era: (source) => store.era(source),
        enterEra: (...args) => store.enterEra(...args),
        park: (...args) => store.park(...args),
        parked: store.parked,
        deliver: (...args) => {
          if (down) throw new DureError('TEST_DATABASE_DOWN', 'unavailable', 'no database');
          return store.deliver(...args);
        },
      }),
    );
    await write('k');
    const consumer = start();
    await clock.advance(120_000);
    assert.equal(consumer.state.status, 'stuck');
    assert.equal((await target.deliveries.parked.standing('test')).keys, 0);
    down = false;
    await until(clock, 'it is applied', () => applied('k').length === 1, 31_000);
    await close(clock, consumer);
  });
});

/** A store whose calls fail before or after they have done their work. */
function flaky(store: ParkingDeliveryStore<MemoryTx>, random: Random): ParkingDeliveryStore<MemoryTx> {
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    const fate = random.next();
    if (fate < 0.05) throw new DureError('TEST_LOST', 'unavailable', 'the connection broke');
    const value = await work();
    if (fate > 0.95) throw new DureError('TEST_UNKNOWN', 'unavailable', 'the answer was lost');
    return value;
  };
  const { parked } = store;
  return {
    idsKeptMs: store.idsKeptMs,
    operations: store.operations,
    deliverBatch: (...args) => around(() => store.deliverBatch(...args)),
    position: (source) => around(() => store.position(source)),
    skipTo: (...args) => around(() => store.skipTo(...args)),
    reached: (streams) => around(() => store.reached(streams)),
    era: (source) => around(() => store.era(source)),
    enterEra: (...args) => around(() => store.enterEra(...args)),
    deliver: (...args) => around(() => store.deliver(...args)),
    deliverTogether: (...args) => around(async () => store.deliverTogether?.(...args)),
    park: (...args) => around(() => store.park(...args)),
    parked: {
      ...parked,
      standing: (source) => around(() => parked.standing(source)),
      first: (...args) => around(() => parked.first(...args)),
      apply: (...args) => around(() => parked.apply(...args)),
      failed: (...args) => around(() => parked.failed(...args)),
    },
  };
}

test('whatever fails, and whoever is killed, nothing is lost or doubled, and each key keeps its order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 5, maxLength: 40 }),
      async (seed, keys) => {
        const random = seededRandom(seed);
        const trouble = new Map(
          keys.map((_, index) => [index + 1, random.next() < 0.3 ? Math.floor(random.next() * 7) : 0]),
        );
        const never = keys[0];
        let repaired = false;
        const { clock, start, write, applied } = world(
          async (message, _call, tx) => {
            note(message, tx);
            const left = trouble.get(message.position) ?? 0;
            if (left === 0 && (repaired || message.position !== 1)) return undefined;
            trouble.set(message.position, Math.max(left - 1, 0));
            throw random.next() < 0.5 ? new TypeError('plain') : new DureError('TEST_DOWN', 'unavailable', 'down');
          },
          { ...retry, maxAttempts: 1_000, mostParked: 99 },
          (store) => flaky(store, random),
        );
        await write(...keys);
        const running = [start(seed), start(seed + 1)];
        const wanted = (key: string) => keys.flatMap((one, index) => (one === key ? [index + 1] : []));
        const isDone = (key: string) => applied(key).length >= wanted(key).length;
        for (let round = 0; round < 5; round += 1) {
          await clock.advance(Math.floor(random.next() * 4_000));
          void running.shift()?.close(); // Not waited for: what it has at hand goes on beside its successor.
          running.push(start(seed + 2 + round));
        }
        await until(clock, 'all other keys are applied', () => keys.every((key) => key === never || isDone(key)));
        assert.deepEqual(applied(never ?? ''), [], 'the key of a message that never can be applied waits');
        repaired = true;
        await until(clock, 'that key is applied too', () => keys.every(isDone));
        await clock.advance(120_000);
        for (const key of keys) assert.deepEqual(applied(key), wanted(key));
        for (const consumer of running) await close(clock, consumer);
      },
    ),
    { numRuns: 25 },
  );
});

test('ids that are forgotten before the carrier brings a message again are refused at the start', () => {
  const { target, telemetry, clock } = world(async () => undefined);
  const { deliveries } = target;
  const start = (redeliveryMs: number) =>
    startSettler({
      source: 'q',
      as: 'other',
      by: 'id',
      redeliveryMs,
      deliveries,
      dispatch: async () => undefined,
      clock,
      telemetry,
    });
  assert.throws(
    () => start(deliveries.idsKeptMs + 1),
    (error) => codeOf(error) === 'MESSAGING_IDS_FORGOTTEN',
  );
  start(deliveries.idsKeptMs).stop();
});
