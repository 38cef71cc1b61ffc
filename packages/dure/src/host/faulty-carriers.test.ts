import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import type { Message } from '@dure/messaging';
import { logTail } from '@dure/messaging';
import { eventsTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import { localFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { MemoryTx } from '@dure/messaging/testing';
import { memoryBroker, memoryDatabase, memoryRelayStore, noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { faults } from './faults.ts';
import { faultyBroker, faultyFeed } from './faulty-carriers.ts';

const clock = systemClock;
const telemetry = silentTelemetry();
const keys = ['a', 'b', 'c', 'd', 'e'];
const rounds = 60;
const grant = { events: [noted.name], addressed: false };

/** A service that writes, another that notes what it applies, and faults between them. */
function world() {
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const broken = faults(clock);
  const applied = new Map<string, number[]>();
  const tail = logTail({ log: source.log, clock });
  return {
    source,
    target,
    broken,
    applied,
    tail,
    order: (body: unknown) => broken.endpoint.handle({ method: 'POST', path: [], query: {}, body }),
    feed: () => localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }),
    async dispatch({ key, data }: Message, _call: unknown, tx: MemoryTx) {
      tx.set('touched', key);
      applied.set(key, [...(applied.get(key) ?? []), (data as { count: number }).count]);
      return undefined;
    },
    async write() {
      for (let count = 1; count <= rounds; count += 1) {
        await source.uow(testCall(), async (tx) => {
          for (const key of keys) tx.emit(noted, { key, count });
        });
        await wait(clock, 2);
      }
    },
    async untilAllApplied() {
      const giveUpAt = clock.monotonicMs() + 30_000;
      while (keys.some((key) => (applied.get(key)?.length ?? 0) < rounds)) {
        assert.ok(clock.monotonicMs() < giveUpAt, 'all were applied in 30 s');
        await wait(clock, 5);
      }
      const inOrder = Array.from({ length: rounds }, (_, index) => index + 1);
      for (const key of keys) assert.deepEqual(applied.get(key), inOrder);
    },
  };
}

test('what a feed brings again, behind later messages, is applied once and in order', async () => {
  const { order, feed, broken, target, dispatch, write, untilAllApplied } = world();
  await order({ do: 'messages', share: 0.5, seed: 3, forMs: 60_000 });
  let brought = 0;
  const counting = async (...all: Parameters<typeof target.deliveries.deliver>) => {
    brought += 1;
    return target.deliveries.deliver(...all);
  };
  const { deliveries } = target;
  await using consumer = startFeedConsumer<MemoryTx>({
    feed: faultyFeed(feed(), broken),
    as: 'other',
    deliveries: {
      position: (stream) => deliveries.position(stream),
      skipTo: (stream, position) => deliveries.skipTo(stream, position),
      reached: (streams) => deliveries.reached(streams),
      era: (stream) => deliveries.era(stream),
      enterEra: (...args) => deliveries.enterEra(...args),
      deliver: counting,
    },
    dispatch,
    clock,
    telemetry,
  });
  await write();
  await untilAllApplied();
  assert.ok(brought > keys.length * rounds * 1.2, `only ${brought} were brought`);
  assert.equal(consumer.state.position, keys.length * rounds);
});

test('what a broker brings twice, or late, and what is written while it is cut off, is applied once and in order', async () => {
  const { order, feed, broken, source, target, tail, dispatch, write, untilAllApplied } = world();
  const server = memoryBroker();
  const kit = { clock, random: seededRandom(5), telemetry };
  const [publishing, consuming] = [faultyBroker(server.connect(), broken), faultyBroker(server.connect(), broken)];
  await order({ do: 'messages', share: 0.4, seed: 9, forMs: 60_000 });
  await order({ do: 'broker', forMs: 100 });
  await assert.rejects(
    () => publishing.declare([]),
    (error) => codeOf(error) === 'MESSAGING_BROKER_UNAVAILABLE',
  );
  assert.equal(publishing.state.status, 'connecting');
  await using relay = startRelay({
    ...kit,
    service: 'test',
    owner: 'one',
    log: source.log,
    tail,
    store: memoryRelayStore(clock),
    broker: publishing,
    routes: routesOf('shop', 'test', { other: grant }),
  });
  await using consumer = startBrokerConsumer<MemoryTx>({
    ...kit,
    broker: consuming,
    as: 'other',
    topics: [eventsTopic('shop', 'test')],
    sources: ['test'],
    wants: () => true,
    feed,
    deliveries: target.deliveries,
    dispatch,
  });
  await write();
  await untilAllApplied();
  assert.equal(relay.state.status, 'publishing');
  assert.equal(consumer.sources[0]?.state.status, 'ready');
});
