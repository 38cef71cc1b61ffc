import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { seededRandom, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { startBrokerConsumer } from '../broker/broker-consumer.ts';
import { startRelay } from '../broker/relay.ts';
import { eventsTopic, routesOf } from '../broker/topics.ts';
import type { Broker } from '../broker.port.ts';
import { brokerLaneOf } from '../broker-lane.ts';
import { asideBytes, redeemed } from '../claim-check.ts';
import { localFeed } from '../feed/local-feed.ts';
import { setBack } from '../feed/set-back.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import { startReplayer } from '../replay/replayer.ts';
import { memoryDatabase } from './memory-database.ts';
import { memoryRelayStore } from './memory-relay-store.ts';
import type { MemoryTx } from './memory-tx.ts';
import { ignored, largeNoted, noted } from './sample-contracts.ts';

const clock = systemClock;
const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);

/** What a service's messages come to behind a broker: a part of the contract of `Broker`. */
export function brokerDeliveryContract(connect: () => Broker, patienceMs: number): void {
  test('a message that cannot be applied parks its key, all others go on, and its correction is applied in its place', async () => {
    const applied: (readonly [string, number])[] = [];
    await using it = await onBroker(connect, async (message) => {
      const { key, count } = notedIn(message);
      if (count < 0) throw new TypeError('a count is never negative');
      applied.push([key, count]);
    });
    await it.note('k0', -1, 2);
    for (const key of keys) await it.note(key, 3);
    await until(patienceMs, 'all others are applied and the key waits for somebody', () => {
      return applied.length === keys.length - 1 && it.standing()?.stopped === 1;
    });
    const { operations } = it.target.deliveries;
    const [parked] = await operations.list({ limit: 9 });
    assert.deepEqual([parked?.source, parked?.key, parked?.messages], ['test', 'k0', 3]);
    assert.ok(await operations.edit('test', parked?.first.id ?? '', { key: 'k0', count: 1 }, who()));
    it.ring();
    await until(patienceMs, 'the key is applied', () => applied.length === keys.length + 2);
    assert.deepEqual(
      applied.flatMap(([key, count]) => (key === 'k0' ? [count] : [])),
      [1, 2, 3],
    );
  });

  test('data that were put aside are fetched from their sender, and handled whole', async () => {
    const text = '두레🛒'.repeat(asideBytes);
    const seen: Message[] = [];
    await using it = await onBroker(connect, async (message) => void seen.push(message));
    await it.write((tx) => {
      tx.emit(largeNoted, { key: 'k0', text });
      tx.emit(noted, { key: 'k0', count: 1 });
    });
    await until(patienceMs, 'both are applied', () => seen.length === 2);
    assert.deepEqual(
      seen.map(({ data }) => data),
      [
        { key: 'k0', text },
        { key: 'k0', count: 1 },
      ],
    );
    assert.ok((seen[0]?.meta.claim?.bytes ?? 0) > asideBytes, 'the broker carried a claim');
  });

  test('the past is delivered once more, what comes meanwhile behind it, each key in its order', async () => {
    const seen: string[] = [];
    const note = (message: Message, how: string) =>
      seen.push(`${how} ${notedIn(message).key} ${notedIn(message).count}`);
    await using it = await onBroker(connect, async (message, tx) => {
      if (!(await it.target.replays.holdBack('sum', message, tx))) note(message, 'live');
    });
    for (const key of keys) await it.note(key, 1, 2);
    await until(patienceMs, 'all are applied', () => seen.length === keys.length * 2);
    const wish = { reaction: 'sum', source: 'test', event: noted.name, key: undefined, after: 0, since: undefined };
    const { id, upTo } = await it.target.replays.begin({ ...wish, who: who() });
    assert.equal(upTo, keys.length * 2, 'all lanes are at their ends');
    for (const key of keys) await it.note(key, 3);
    await until(patienceMs, 'what came meanwhile is held back', async () => {
      return (await it.target.replays.find(id))?.held === keys.length;
    });
    await using _replayer = it.replay(async (message) => void note(message, 'again'));
    await until(patienceMs, 'it is done', async () => (await it.target.replays.find(id))?.state === 'done');
    await it.note('k0', 4);
    await until(patienceMs, 'what comes afterwards is applied as ever', () => seen.at(-1) === 'live k0 4');
    for (const key of keys.slice(1)) {
      const own = seen.filter((line) => line.includes(` ${key} `)).map((line) => line.replace(` ${key}`, ''));
      assert.deepEqual(own, ['live 1', 'live 2', 'again 1', 'again 2', 'again 3'], key);
    }
  });

  test('a consumer knows when it holds what somebody has written, though each lane comes at its own pace', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const applied: string[] = [];
    await using it = await onBroker(connect, async (message) => {
      if (message.key === 'k0') await gate;
      applied.push(message.key);
    });
    await it.note('k0', 1);
    await it.write((tx) => tx.emit(ignored, { key: 'k1' })); // Nobody gets it, and it is waited for all the same.
    const position = await it.source.log.advance();
    assert.equal(await it.holds(position), false, 'k0 is not applied');
    await it.note('k1', 1);
    await until(patienceMs, 'another key has passed it', () => applied.includes('k1'));
    assert.equal(await it.holds(position), false, 'k0 is still not applied');
    open();
    await until(patienceMs, 'all is applied', () => it.holds(position));
    assert.deepEqual(applied.toSorted(), ['k0', 'k1']);
    assert.ok((await it.target.deliveries.position('test')) >= position, 'and it is remembered');
    assert.equal(await it.holds(position + 99), false, 'nobody can hold what was not written');
  });

  test('a log that was restored goes on: who has read what it lost is told so and decides, all others notice nothing', async () => {
    const applied = new Map<string, number[]>();
    const countsOf = (key: string) => applied.get(key) ?? [];
    await using it = await onBroker(connect, async (message) => {
      const { key, count } = notedIn(message);
      applied.set(key, [...countsOf(key), count]);
    });
    const lost = keys.filter((key) => brokerLaneOf(key) === brokerLaneOf('k0'));
    for (const key of keys) await it.note(key, 1, 2);
    await until(patienceMs, 'all are applied', () => keys.every((key) => countsOf(key).length === 2));
    const backup = await it.source.log.advance();
    for (const key of lost) await it.note(key, 3);
    await until(patienceMs, 'what will be lost is applied', () => lost.every((key) => countsOf(key).length === 3));
    await it.restore(backup);
    for (const key of keys) await it.note(key, 13, 14, 15);
    await until(patienceMs, 'others go on, and the lane is told', async () => {
      const { details } = await it.health.check();
      const told = Object.values((details?.stuck ?? {}) as Readonly<Record<string, { readonly code?: string }>>);
      const goesOn = keys.some((key) => countsOf(key).length === 5);
      return goesOn && told.length === 1 && told[0]?.code === 'MESSAGING_FEED_AHEAD';
    });
    for (const key of lost) assert.deepEqual(countsOf(key), [1, 2, 3], key);
    assert.equal(await it.holds(await it.source.log.advance()), false);
    await it.setBack(backup);
    await until(patienceMs, 'all is applied', () => keys.every((key) => countsOf(key).at(-1) === 15));
    for (const key of keys)
      assert.deepEqual(countsOf(key), lost.includes(key) ? [1, 2, 3, 13, 14, 15] : [1, 2, 13, 14, 15], key);
    const end = await it.source.log.advance();
    await until(patienceMs, 'it knows that it has everything', () => it.holds(end));
  });
}

let systems = 0;

/** A service `test` whose log goes to the broker, and a service `other` that consumes. */
async function onBroker(connect: () => Broker, apply: (message: Message, tx: MemoryTx) => Promise<void>) {
  systems += 1;
  const system = `park${systems}`;
  const source = memoryDatabase({ service: 'test', clock, ids: testIds(systems) });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(systems + 100) });
  let tail = logTail({ log: source.log, clock });
  const grant = { events: [noted.name, largeNoted.name], addressed: false };
  const kit = { clock, random: seededRandom(systems), telemetry: silentTelemetry() };
  const [publishing, consuming] = [connect(), connect()];
  const { log, payloads } = source;
  const startPublishing = () =>
    startRelay({
      ...kit,
      service: 'test',
      owner: 'one',
      log,
      tail,
      // As a crash leaves it, or a backup: everything is published once more.
      store: memoryRelayStore(clock),
      broker: publishing,
      routes: routesOf(system, 'test', { other: grant }),
    });
  const readLog = () => localFeed({ source: 'test', as: 'other', log, tail, grant, payloads });
  let [relay, feed] = [startPublishing(), readLog()];
  const whole = (message: Message, signal: AbortSignal) => redeemed(message, feed.payload(message, signal));
  const consumer = startBrokerConsumer({
    ...kit,
    broker: consuming,
    as: 'other',
    topics: [eventsTopic(system, 'test')],
    sources: ['test'],
    wants: () => true,
    feed: () => feed,
    deliveries: target.deliveries,
    dispatch: async (message: Message, _call: Call, tx: MemoryTx) => {
      await apply(message, tx);
      return undefined;
    },
    whole,
    retry: { attemptsInPlace: 2, firstDelayMs: 20, maxDelayMs: 20, maxAttempts: 3 },
  });
  const write = (work: (tx: MemoryTx) => void) => source.uow(testCall(), async (tx) => work(tx));
  return {
    source,
    target,
    write,
    health: consumer.health,
    /** The process of the source ends, its log loses what is behind a position, and another one goes on. */
    async restore(position: number) {
      await relay.close();
      tail.close();
      source.restore(position);
      tail = logTail({ log, clock });
      [relay, feed] = [startPublishing(), readLog()];
    },
    setBack(after: number) {
      const { deliveries } = target;
      const { signal } = new AbortController();
      return setBack({ source: 'test', after, who: who() }, { as: 'other', deliveries, feed, signal });
    },
    standing: () => consumer.sources[0]?.state.standing,
    ring: () => consumer.sources[0]?.ring(),
    holds: (position: number) => consumer.holds('test', position),
    replay: (again: (message: Message) => Promise<void>) =>
      startReplayer<MemoryTx>({
        ...kit,
        as: 'other',
        store: target.replays,
        react: (_reaction, message) => again(message),
        feed: () => feed,
        whole,
      }),
    note: (key: string, ...counts: readonly number[]) =>
      write((tx) => {
        for (const count of counts) tx.emit(noted, { key, count });
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all([relay.close(), consumer.close()]);
      tail.close();
      await Promise.all([publishing.close(), consuming.close()]);
    },
  };
}

function who() {
  return { by: 'sora', why: 'the sign was wrong', at: clock.now() };
}

function notedIn({ data }: Message): { readonly key: string; readonly count: number } {
  return data as { readonly key: string; readonly count: number };
}

async function until(patienceMs: number, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = clock.monotonicMs() + patienceMs;
  while (!(await holds())) {
    if (clock.monotonicMs() > giveUpAt) assert.fail(`waited in vain until ${what}`);
    await wait(clock, 5);
  }
}
