import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { startBrokerConsumer } from '../broker/broker-consumer.ts';
import { startRelay } from '../broker/relay.ts';
import { eventsTopic, routesOf } from '../broker/topics.ts';
import type { Broker } from '../broker.port.ts';
import { localFeed } from '../feed/local-feed.ts';
import { logTail } from '../log-tail.ts';
import { memoryDatabase } from './memory-database.ts';
import { memoryRelayStore } from './memory-relay-store.ts';
import { noted } from './sample-contracts.ts';

const clock = systemClock;
const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);

/** What a service's messages come to behind a broker: a part of the contract of `Broker`. */
export function brokerDeliveryContract(connect: () => Broker, patienceMs: number): void {
  test('a message that cannot be applied parks its key, all others go on, and its correction is applied in its place', async () => {
    const applied: (readonly [string, number])[] = [];
    await using it = await onBroker(connect, async ({ key, count }) => {
      if (count < 0) throw new TypeError('a count is never negative');
      applied.push([key, count]);
    });
    await it.note('k0', -1, 2);
    for (const key of keys) await it.note(key, 3);
    await until(patienceMs, 'all others are applied and the key waits for somebody', () => {
      return applied.length === keys.length - 1 && it.standing()?.stopped === 1;
    });
    const { operations } = it.deliveries;
    const [parked] = await operations.list({ limit: 9 });
    assert.deepEqual([parked?.source, parked?.key, parked?.messages], ['test', 'k0', 3]);
    const who = { by: 'sora', why: 'the sign was wrong', at: clock.now() };
    assert.ok(await operations.edit('test', parked?.first.id ?? '', { key: 'k0', count: 1 }, who));
    it.ring();
    await until(patienceMs, 'the key is applied', () => applied.length === keys.length + 2);
    assert.deepEqual(
      applied.flatMap(([key, count]) => (key === 'k0' ? [count] : [])),
      [1, 2, 3],
    );
  });
}

let systems = 0;

/** A service `test` whose log goes to the broker, and a service `other` that consumes. */
async function onBroker(
  connect: () => Broker,
  apply: (data: { readonly key: string; readonly count: number }) => Promise<void>,
) {
  systems += 1;
  const system = `park${systems}`;
  const source = memoryDatabase({ service: 'test', clock, ids: testIds(systems) });
  const { deliveries } = memoryDatabase({ service: 'other', clock, ids: testIds(systems + 100) });
  const tail = logTail({ log: source.log, clock });
  const grant = { events: [noted.name], addressed: false };
  const kit = { clock, random: seededRandom(systems), telemetry: silentTelemetry() };
  const [publishing, consuming] = [connect(), connect()];
  const relay = startRelay({
    ...kit,
    service: 'test',
    owner: 'one',
    log: source.log,
    tail,
    store: memoryRelayStore(clock),
    broker: publishing,
    routes: routesOf(system, 'test', { other: grant }),
  });
  const consumer = startBrokerConsumer({
    ...kit,
    broker: consuming,
    as: 'other',
    topics: [eventsTopic(system, 'test')],
    sources: ['test'],
    wants: () => true,
    feed: () => localFeed({ source: 'test', as: 'other', log: source.log, tail, grant }),
    deliveries,
    dispatch: async ({ data }) => {
      await apply(data as { key: string; count: number });
      return undefined;
    },
    retry: { attemptsInPlace: 2, firstDelayMs: 20, maxDelayMs: 20, maxAttempts: 3 },
  });
  return {
    deliveries,
    standing: () => consumer.sources[0]?.state.standing,
    ring: () => consumer.sources[0]?.ring(),
    note: (key: string, ...counts: readonly number[]) =>
      source.uow(testCall(), async (tx) => {
        for (const count of counts) tx.emit(noted, { key, count });
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all([relay.close(), consumer.close()]);
      tail.close();
      await Promise.all([publishing.close(), consuming.close()]);
    },
  };
}

async function until(patienceMs: number, what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = clock.monotonicMs() + patienceMs;
  while (!holds()) {
    if (clock.monotonicMs() > giveUpAt) assert.fail(`waited in vain until ${what}`);
    await wait(clock, 5);
  }
}
