import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Broker, Message } from '@dure/messaging';
import { logTail } from '@dure/messaging';
import { eventsTopic, inboxTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import { localFeed } from '@dure/messaging/feed';
import type { Death, MortalProcess } from '@dure/messaging/testing';
import { doIt, memoryBroker, mortalProcess, noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { testDatabase } from './testing/index.ts';
import type { Tx } from './transaction.ts';
import { insideOf } from './transaction.ts';

// As packages/messaging/src/broker/crash-points.test.ts, over PostgreSQL: what was begun is rolled back or is there.
const clock = systemClock;
const kit = { clock, ids: ids(clock, systemRandom), telemetry: silentTelemetry(), random: systemRandom };
const folder = `${import.meta.dirname}/fixtures/counter`;
const grant = { events: ['test.noted'], addressed: true };
const keys = ['a', 'b', 'c'];
const each = 2;
const messages = keys.length * each + 1;

type Role = 'relay' | 'consumer';

/** How a message is written down. */
const textOf = ({ key, data }: Message) => `${key} ${(data as { count?: number }).count ?? 'doIt'}`;

function connection(broker: Broker, process: MortalProcess): Broker {
  const { promise: death, reject } = Promise.withResolvers<never>();
  death.catch(() => undefined);
  process.onDeath(() => {
    void broker.close();
    reject(new TypeError('it has died'));
  });
  return {
    kind: broker.kind,
    state: broker.state,
    declare: (topics) => process.call('declare', () => broker.declare(topics)),
    publish: (publication) => process.call('publish', () => broker.publish(publication)),
    subscribe(options) {
      if (process.dead) return { held: 0, close: async () => undefined };
      return broker.subscribe({
        ...options,
        async handle(records, signal) {
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

function scene(source: Database, target: Database) {
  const server = memoryBroker();
  let relays = 0;
  const start = {
    relay(process: MortalProcess) {
      relays += 1;
      const { advance, read } = process.port('log', source.log);
      const log = { ...source.log, advance, read };
      return startRelay({
        ...kit,
        service: 'test',
        owner: `relay ${relays}`,
        log: source.log,
        tail: logTail({ log: { ...source.log, advance: log.advance, read: log.read }, clock, idleMs: 20 }),
        store: process.port('store', source.relay),
        broker: connection(server.connect(), process),
        routes: routesOf('shop', 'test', { other: grant }),
        leaseMs: 200,
      });
    },
    consumer(process: MortalProcess) {
      const { deliveries } = target;
      const parked = process.port('parked', deliveries.parked);
      const all = process.port('deliveries', deliveries);
      return startBrokerConsumer<Tx>({
        ...kit,
        broker: connection(server.connect(), process),
        as: 'other',
        topics: [eventsTopic('shop', 'test'), inboxTopic('shop', 'other')],
        sources: ['test'],
        wants: () => true,
        feed: () => localFeed({ source: 'test', as: 'other', log: source.log, tail: source.tail, grant }),
        deliveries: new Proxy(all, {
          get: (port, name) => (name === 'parked' ? parked : Reflect.get(port, name, port)),
        }),
        dispatch: (message, _, tx) => process.inside('effect', () => apply(message, tx)),
      });
    },
  };
  const apply = async (message: Message, tx: Tx) => {
    const text = textOf(message);
    await insideOf(tx).query('insert into applied (key, count) values ($1, 0)', [text]);
    return message.kind === 'command' ? ({ ok: true, value: null } as const) : undefined;
  };
  return start;
}

const appliedIn = async ({ read }: Database) =>
  (await sql<{ key: string }>`select key from applied order by n`.execute(read)).rows.map(({ key }) => key);

/** Lets one of the two die once, and a successor take over. */
async function crash(role: Role, death: Death): Promise<MortalProcess> {
  await using database = await testDatabase({ folder });
  await using other = await testDatabase({ folder });
  await using source = openDatabase({ ...kit, url: database.url, service: 'test' });
  await using target = openDatabase({ ...kit, url: other.url, service: 'other' });
  const start = scene(source, target);
  const mortal = mortalProcess(death);
  const running = [start[role](mortal), start[role === 'relay' ? 'consumer' : 'relay'](mortalProcess())];
  for (let count = 1; count <= each; count += 1) {
    for (const key of keys) {
      await source.uow(testCall(), async (tx) => {
        tx.emit(noted, { key, count });
        if (count === 1 && key === 'a') tx.send(doIt, { key });
      });
    }
  }
  await using _running = {
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all((mortal.dead ? running.slice(1) : running).map((one) => one.close()))),
  };
  const giveUpAt = clock.monotonicMs() + 10_000;
  const what = () => `the ${role} died ${death.moment} call ${death.at} (${mortal.diedAt})`;
  let hasSuccessor = false;
  let quiet = 0;
  for (;;) {
    if (mortal.dead && !hasSuccessor) running.push(start[role](mortalProcess()));
    hasSuccessor = mortal.dead;
    if ((await appliedIn(target)).length >= messages) quiet += 1;
    // Marks are noted, and what comes twice has come.
    if (quiet > 20 && mortal.dead === hasSuccessor) break;
    assert.ok(clock.monotonicMs() < giveUpAt, `${what()}, and it has not come to an end`);
    await wait(clock, 5);
  }
  const applied = await appliedIn(target);
  assert.deepEqual(applied.toSorted(), [...keys.flatMap((key) => [`${key} 1`, `${key} 2`]), 'a doIt'].sort(), what());
  for (const key of keys) assert.ok(applied.indexOf(`${key} 1`) < applied.indexOf(`${key} 2`), what());
  const { messages: replies } = await target.log.read(0, { events: [], destination: 'test' }, 10);
  assert.equal(replies.length, 1, what());
  return mortal;
}

for (const role of ['relay', 'consumer'] as const) {
  test(`over PostgreSQL, whichever call of a port a ${role} dies at, each effect is there once and each key in order`, async (context) => {
    const points = new Map<string, number>();
    for (const moment of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const { diedAt } = await crash(role, { at, moment });
        if (diedAt === undefined) break;
        points.set(diedAt, (points.get(diedAt) ?? 0) + 1);
      }
    }
    const crashes = [...points.values()].reduce((sum, times) => sum + times, 0);
    context.diagnostic(`${crashes} crashes: ${JSON.stringify(Object.fromEntries(points))}`);
    for (const point of expected[role]) assert.ok(points.has(point), point);
  });
}

const expected: Readonly<Record<Role, readonly string[]>> = {
  relay: ['store.claim', 'declare', 'log.advance', 'log.read', 'publish', 'store.move'],
  consumer: ['deliveries.reached', 'deliveries.deliver', 'effect', 'acknowledge'],
};
