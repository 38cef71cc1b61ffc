import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Broker, Publication } from '../broker.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import { logTail } from '../log-tail.ts';
import { memoryBroker } from '../testing/memory-broker.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import { memoryRelayStore } from '../testing/memory-relay-store.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { noted } from '../testing/sample-contracts.ts';
import { startBrokerConsumer } from './broker-consumer.ts';
import { startRelay } from './relay.ts';
import { eventsTopic, inboxTopic, routesOf } from './topics.ts';

const clock = systemClock;
const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));
const random = seededRandom(seed);
const [messages, keys] = [10_000, 100];
const grant = { events: ['test.noted'], addressed: true };

/** A broker that stores one record in ten once more, later, among newer ones of its lane; and whose lanes overtake each other. */
function careless(broker: Broker) {
  const lines = new Map<number, Promise<void>>();
  const told = { published: 0, again: 0 };
  const inLine = (publication: Publication) => {
    const before = lines.get(publication.lane) ?? Promise.resolve();
    const mine = before.then(async () => {
      if (random.next() < 0.05) await wait(clock, randomInteger(random, 1, 10));
      await broker.publish(publication);
      told.published += 1;
    });
    lines.set(publication.lane, mine);
    return mine;
  };
  const publish = async (publication: Publication) => {
    await inLine(publication);
    if (random.next() >= 0.1) return;
    told.again += 1;
    void wait(clock, randomInteger(random, 0, 30)).then(() => inLine(publication));
  };
  return { told, broker: Object.assign(Object.create(broker) as Broker, { publish }) };
}

test('of 10 000 messages, one in ten doubled and lanes in disorder, each is applied once and each key in order', async (context) => {
  const server = memoryBroker();
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const kit = { clock, random, telemetry: silentTelemetry() };
  const routes = routesOf('shop', 'test', { other: grant });
  const tail = logTail({ log: source.log, clock });
  const { broker, told } = careless(server.connect());
  const arrived = { times: 0, overtaken: 0, last: 0 };
  const consume = () =>
    startBrokerConsumer<MemoryTx>({
      ...kit,
      broker: noticing(server.connect(), arrived),
      as: 'other',
      topics: [eventsTopic('shop', 'test'), inboxTopic('shop', 'other')],
      sources: ['test'],
      wants: () => true,
      feed: () => localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }),
      deliveries: target.deliveries,
      async dispatch({ key, id, data }, _, tx) {
        const { count } = data as { count: number };
        tx.set(`order ${key}`, [...((tx.get(`order ${key}`) as number[]) ?? []), count]);
        tx.set(`times ${id}`, ((tx.get(`times ${id}`) as number) ?? 0) + 1);
        return undefined;
      },
    });
  await using _one = consume();
  await using relay = startRelay({
    ...kit,
    service: 'test',
    owner: 'one',
    log: source.log,
    tail,
    store: memoryRelayStore(clock),
    broker,
    routes,
  });
  for (let from = 0; from < messages; from += 20) {
    await source.uow(testCall(), async (tx) => {
      for (let n = from; n < from + 20; n += 1) tx.emit(noted, { key: `k${n % keys}`, count: Math.floor(n / keys) });
    });
    if (from % 400 === 0) await wait(clock, 1);
  }
  const times = () => [...target.values].filter(([name]) => name.startsWith('times '));
  const giveUpAt = clock.monotonicMs() + 60_000;
  const isQuiet = () => relay.state.position === messages && arrived.times >= messages + told.again;
  // A second instance takes half of the lanes over, with what was handed to the first and not acknowledged.
  while (times().length < messages / 2) await wait(clock, 5);
  await using _two = consume();
  while (times().length < messages || !isQuiet()) {
    assert.ok(clock.monotonicMs() < giveUpAt, `${times().length} of ${messages} are applied; seed ${seed}`);
    await wait(clock, 20);
  }
  context.diagnostic(JSON.stringify({ seed, messages, ...told, arrived: arrived.times, overtaken: arrived.overtaken }));
  assert.deepEqual(
    times().filter(([, count]) => count !== 1),
    [],
    `seed ${seed}`,
  );
  const inOrder = Array.from({ length: messages / keys }, (_, index) => index);
  for (let key = 0; key < keys; key += 1) assert.deepEqual(target.values.get(`order k${key}`), inOrder, `seed ${seed}`);
  assert.ok(told.again > messages / 12 && arrived.overtaken > messages / 20, JSON.stringify({ told, arrived }));
});

/** Counts what comes, and what comes behind something newer. */
function noticing(broker: Broker, arrived: { times: number; overtaken: number; last: number }): Broker {
  const subscribe: Broker['subscribe'] = (options) =>
    broker.subscribe({
      ...options,
      async handle(records, signal) {
        const count = await options.handle(records, signal);
        for (const { attributes } of records.slice(0, count)) {
          const position = Number(attributes.durepos);
          arrived.times += 1;
          if (position < arrived.last) arrived.overtaken += 1;
          arrived.last = Math.max(arrived.last, position);
        }
        return count;
      },
    });
  return Object.assign(Object.create(broker) as Broker, { subscribe });
}
