import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { seededRandom, wait } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Broker } from '../broker.port.ts';
import { brokerLaneOf } from '../broker-lane.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import type { MemoryBroker } from '../testing/memory-broker.ts';
import { memoryBroker } from '../testing/memory-broker.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import { memoryRelayStore } from '../testing/memory-relay-store.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import type { Death, MortalProcess } from '../testing/mortal-process.ts';
import { mortalProcess } from '../testing/mortal-process.ts';
import { doIt, ignored, noted } from '../testing/sample-contracts.ts';
import { startBrokerConsumer } from './broker-consumer.ts';
import { startRelay } from './relay.ts';
import { eventsTopic, inboxTopic, routesOf } from './topics.ts';

const grant = { events: ['test.noted'], addressed: true };
/** What the broker carries: more than the consumer wants. */
const carried = { events: ['test.noted', 'test.ignored'], addressed: true };
const [events, inbox] = [eventsTopic('shop', 'test'), inboxTopic('shop', 'other')];
const keys = ['a', ...sameLane('a', 2), 'b', 'c'];
const each = 3;
/** The broker loses the second of `b`; the third of `c` cannot be applied at first. */
const [lost, awkward] = ['b 2', 'c 3'];

/** Other keys that travel in the same lane: what waits in it is applied together. */
function sameLane(key: string, count: number): readonly string[] {
  const others = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
  return others.filter((other) => brokerLaneOf(other) === brokerLaneOf(key)).slice(0, count);
}

const textOf = ({ key, data }: Message) => `${key} ${(data as { count?: number }).count ?? 'doIt'}`;

/** One broker, two databases, and processes that come and go. */
function scene(clock: FakeClock) {
  const server = memoryBroker({ clock });
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const store = memoryRelayStore(clock);
  const routes = routesOf('shop', 'test', { other: carried });
  const kit = { clock, random: seededRandom(1), telemetry: silentTelemetry() };
  let failures = 0;
  let relays = 0;

  const relay = (process: MortalProcess) => {
    const { advance, read } = process.port('log', source.log);
    const log = { ...source.log, advance, read };
    const broker = connection(clock, server, process);
    relays += 1;
    const owner = `relay ${relays}`;
    const tail = logTail({ log, clock });
    const relayStore = process.port('store', store);
    return startRelay({ ...kit, service: 'test', owner, log, tail, store: relayStore, broker, routes, leaseMs: 1_000 });
  };

  const apply = async (message: Message, tx: MemoryTx) => {
    const text = textOf(message);
    if (text === awkward) failures += 1;
    if (text === awkward && failures <= 2) throw new TypeError('not now');
    tx.set(`times ${text}`, ((tx.get(`times ${text}`) as number) ?? 0) + 1);
    if (message.kind === 'event') tx.set(message.key, [...((tx.get(message.key) as string[]) ?? []), text]);
    return message.kind === 'command' ? ({ ok: true, value: null } as const) : undefined;
  };

  const consumer = (process: MortalProcess) => {
    const tail = logTail({ log: source.log, clock });
    const feed = localFeed({ source: 'test', as: 'other', log: source.log, tail, grant });
    const { deliveries } = target;
    return startBrokerConsumer<MemoryTx>({
      ...kit,
      broker: connection(clock, server, process),
      as: 'other',
      topics: [events, inbox],
      sources: ['test'],
      wants: ({ kind, type }) => kind !== 'event' || type === 'test.noted',
      feed: () => fetched(feed, process),
      deliveries: new Proxy(process.port('deliveries', deliveries), {
        get: (port, name) =>
          name === 'parked' ? process.port('parked', deliveries.parked) : Reflect.get(port, name, port),
      }),
      dispatch: (message, _, tx) => process.inside('effect', () => apply(message, tx)),
      retry: { attemptsInPlace: 1, firstDelayMs: 20, maxDelayMs: 50 },
    });
  };

  const write = async () => {
    for (let count = 1; count <= each; count += 1) {
      await wait(clock, 80);
      for (const key of keys) {
        await source.uow(testCall(), async (tx) => {
          tx.emit(noted, { key, count });
          if (key === 'b') tx.emit(ignored, { key });
          if (count === 2 && key === 'a') tx.send(doIt, { key });
        });
      }
    }
  };
  const many = keys.length * each + 1;
  const times = () => [...target.values].filter(([name]) => name.startsWith('times '));
  return {
    relay,
    consumer,
    write,
    isDone: () => times().length === many && store.mark.position === keys.length * each + each + 1,
    async check(what: string) {
      assert.deepEqual(
        times().filter(([, count]) => count !== 1),
        [],
        `${what}: effects that are not there once`,
      );
      for (const key of keys) {
        const applied = target.values.get(key) as readonly string[];
        assert.deepEqual(
          applied,
          Array.from({ length: each }, (_, index) => `${key} ${index + 1}`),
          `${what}: the order`,
        );
      }
      const { messages } = await target.log.read(0, { events: [], destination: 'test' }, 10);
      assert.equal(messages.length, 1, `${what}: the command has its reply once`);
    },
  };
}

/** The connection of a process: the broker notices when it is gone, and gives what was not acknowledged to others. */
function connection(clock: FakeClock, server: MemoryBroker, process: MortalProcess): Broker {
  const broker = server.connect();
  process.onDeath(() => void broker.close());
  const { promise: death, reject } = Promise.withResolvers<never>();
  death.catch(() => undefined);
  process.onDeath(() => reject(new TypeError('it has died')));
  return {
    kind: broker.kind,
    state: broker.state,
    declare: (topics) => process.call('declare', () => broker.declare(topics)),
    /** It is on its way for a while: a mark is noted while the last are. */
    publish: async (publication) => {
      await wait(clock, 100);
      return process.call('publish', async () => {
        const { durekey, durepos } = publication.record.attributes;
        if (`${durekey ?? publication.key} ${countOf(publication.record.body)}` === lost && durepos !== undefined)
          return;
        await broker.publish(publication);
      });
    },
    subscribe(options) {
      if (process.dead) return { held: 0, close: async () => undefined };
      return broker.subscribe({
        ...options,
        async handle(records, signal) {
          await process.inside('taken', async () => undefined);
          const count = await Promise.race([options.handle(records, signal), death]);
          await process.inside('acknowledge', async () => undefined);
          return count;
        },
      });
    },
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

const countOf = (body: Uint8Array) => (JSON.parse(new TextDecoder().decode(body)) as { count?: number }).count;

/** A log whose pages are calls. */
function fetched(feed: FeedSource, process: MortalProcess): FeedSource {
  return {
    ...feed,
    async *open(after, signal, era) {
      const pages = feed.open(after, signal, era)[Symbol.asyncIterator]();
      for (;;) {
        const page = await process.call('fetch', () => pages.next());
        if (page.done === true) return;
        yield page.value;
      }
    },
  };
}

type Role = 'relay' | 'consumer';

/** Lets one of the two die once, and a successor take over; what it died at, or undefined when it came to its end before. */
async function crash(role: Role, death: Death): Promise<MortalProcess> {
  const clock = fakeClock();
  const world = scene(clock);
  const mortal = mortalProcess(death);
  const running = [world[role](mortal), world[role === 'relay' ? 'consumer' : 'relay'](mortalProcess())];
  const writing = world.write();
  let successor = false;
  let turns = 0;
  for (; turns < 2_000 && !(world.isDone() && (mortal.dead || turns > 40)); turns += 1) {
    await clock.advance(10);
    await setImmediate();
    if (!mortal.dead || successor) continue;
    successor = true;
    running.push(world[role](mortalProcess()));
  }
  const what = `the ${role} died ${death.moment} call ${death.at} (${mortal.diedAt})`;
  await writing;
  assert.ok(world.isDone(), `${what}, and it has not come to an end`);
  await clock.advance(1_000);
  await world.check(what);
  const closing = Promise.all((mortal.dead ? running.slice(1) : running).map((one) => one.close()));
  for (let turn = 0; turn < 6; turn += 1) {
    await clock.advance(500);
    await setImmediate();
  }
  await closing;
  return mortal;
}

for (const role of ['relay', 'consumer'] as const) {
  test(`whichever call of a port a ${role} dies at, each effect is there once and each key in order`, async (context) => {
    const points = new Map<string, number>();
    let crashes = 0;
    for (const moment of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const { diedAt } = await crash(role, { at, moment });
        if (diedAt === undefined) break;
        crashes += 1;
        points.set(`${moment} ${diedAt}`, (points.get(`${moment} ${diedAt}`) ?? 0) + 1);
      }
    }
    context.diagnostic(`${crashes} crashes: ${JSON.stringify(Object.fromEntries(points))}`);
    for (const point of expected[role]) {
      for (const moment of ['before', 'after']) assert.ok(points.has(`${moment} ${point}`), `${moment} ${point}`);
    }
  });
}

/** Every port is among them. */
const expected: Readonly<Record<Role, readonly string[]>> = {
  relay: ['store.claim', 'declare', 'log.advance', 'log.read', 'publish', 'store.move'],
  consumer: [
    'taken',
    'deliveries.reached',
    'deliveries.enterEra',
    'fetch',
    'deliveries.deliver',
    'deliveries.deliverTogether',
    'effect',
    'deliveries.skipTo',
    'deliveries.park',
    'parked.standing',
    'parked.due',
    'parked.first',
    'parked.apply',
    'acknowledge',
  ],
};
