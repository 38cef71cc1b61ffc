import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, seededRandom, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { brokerLanes, trackOf } from '@dure/messaging';
import { eventsTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import { localFeed, setBack } from '@dure/messaging/feed';
import type { MemoryBroker } from '@dure/messaging/testing';
import { memoryBroker, noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { backup } from './fixtures/backup.ts';
import { until as within } from './fixtures/until.ts';
import { connected } from './provisioning/connect.ts';
import { testDatabase } from './testing/test-database.ts';

interface Tables {
  counter: { name: string; count: number };
}

const clock = systemClock;
const kit = { clock, random: seededRandom(1), telemetry: silentTelemetry() };
const grant = { events: ['test.noted'], addressed: false };
const folder = `${import.meta.dirname}/fixtures/counter`;

function open(service: string, url: string): Database<Tables> {
  return openDatabase<Tables>({ url, service, clock, ids: ids(clock, systemRandom), telemetry: silentTelemetry() });
}

/** A process of the service `test`: its log goes to the broker, from where its database says. */
function publish(db: Database<Tables>, server: MemoryBroker): AsyncDisposable {
  const { log, tail, relay: store } = db;
  const routes = routesOf('shop', 'test', { other: grant });
  const broker = server.connect();
  return startRelay({ ...kit, service: 'test', owner: crypto.randomUUID(), log, tail, store, broker, routes });
}

/** `other`: an effect is a row, and the same effect a second time would fail. */
function consume(db: Database<Tables>, server: MemoryBroker, source: () => Database<Tables>) {
  return startBrokerConsumer({
    ...kit,
    broker: server.connect(),
    as: 'other',
    topics: [eventsTopic('shop', 'test')],
    sources: ['test'],
    wants: () => true,
    feed: () => logOf(source()),
    deliveries: db.deliveries,
    dispatch: async ({ key, data }, _call, tx) => {
      const { count } = data as { readonly count: number };
      await tx.db
        .insertInto('counter')
        .values({ name: `${key} ${count}`, count })
        .execute();
      return undefined;
    },
  });
}

function logOf({ log, tail }: Database<Tables>) {
  return localFeed({ source: 'test', as: 'other', log, tail, grant });
}

const keys = Array.from({ length: 2 * brokerLanes }, (_, index) => `k${index}`);
const laneOf = (key: string) => trackOf({ source: 'test', kind: 'event', key });

async function note(db: Database<Tables>, some: readonly string[], ...counts: readonly number[]): Promise<void> {
  for (const count of counts)
    for (const key of some) await db.uow(testCall(), async (tx) => tx.emit(noted, { key, count }));
}

async function rowsOf(db: Database<Tables>): Promise<readonly string[]> {
  return (await db.read.selectFrom('counter').select('name').execute()).map(({ name }) => name).sort();
}

const named = (some: readonly string[], ...counts: readonly number[]) =>
  some.flatMap((key) => counts.map((count) => `${key} ${count}`));

const until = (what: string, holds: () => Promise<boolean>) => within(what, holds, 20_000);
const is = async (db: Database<Tables>, names: readonly string[]) =>
  JSON.stringify(await rowsOf(db)) === JSON.stringify(names.toSorted());

test('a source that was restored from a backup goes on behind a broker: each new message once, none of the old twice', async () => {
  await using from = await testDatabase({ folder });
  await using to = await testDatabase({ folder });
  await using target = open('other', to.url);
  const server = memoryBroker();
  const lostKeys = keys.filter((key) => laneOf(key) === laneOf('k0'));
  const otherKeys = keys.filter((key) => laneOf(key) !== laneOf('k0'));
  let source = open('test', from.url);
  await using consumer = consume(target, server, () => source);
  {
    await using _relay = publish(source, server);
    await note(source, keys, 1, 2);
    await until('all are applied', () => is(target, named(keys, 1, 2)));
  }
  const readIn = source.log.era();
  const common = await source.log.advance();
  await source.close();
  await using copy = await backup(from.url);
  source = open('test', from.url);
  {
    await using _relay = publish(source, server);
    await note(source, lostKeys, 3);
    await until('what will be lost is applied', () => is(target, [...named(keys, 1, 2), ...named(lostKeys, 3)]));
  }
  await source.close();

  source = open('test', copy.url);
  await using _relay = publish(source, server);
  // More than were lost, so that positions which the consumer has passed are given out again, and left behind.
  await note(source, keys, 13, 14, 15);
  await until('all others go on', () =>
    is(target, [...named(keys, 1, 2), ...named(lostKeys, 3), ...named(otherKeys, 13, 14, 15)]),
  );
  const stuck = async () => (await consumer.health.check()).details?.stuck as Readonly<Record<string, object>>;
  const { [laneOf('k0')]: told, ...rest } = await stuck();
  assert.deepEqual([Object.keys(rest), told && 'code' in told && told.code], [[], 'MESSAGING_FEED_AHEAD']);
  assert.match(JSON.stringify(told), new RegExp(`up to ${common}, and what follows .* read in the era ${readIn}`));

  const who = { by: 'sora', why: 'restored', at: clock.now() };
  const { deliveries } = target;
  const back = { as: 'other', deliveries, feed: logOf(source), signal: new AbortController().signal };
  const { setBack: lanes, left } = await setBack({ source: 'test', after: common, who }, back);
  assert.deepEqual([lanes.map(({ stream }) => stream), left], [[laneOf('k0')], []]);
  assert.ok(lanes.every(({ era }) => era === readIn));
  await until('the lane goes on', () =>
    is(target, [...named(keys, 1, 2), ...named(lostKeys, 3), ...named(keys, 13, 14, 15)]),
  );
  assert.deepEqual(await stuck(), {});
  assert.ok(await consumer.holds('test', await source.log.advance()));
  await source.close();
});

test('a consumer that has read nothing of what was lost notices nothing, and a plain restart nobody', async () => {
  await using from = await testDatabase({ folder });
  await using to = await testDatabase({ folder });
  await using target = open('other', to.url);
  const server = memoryBroker();
  let source = open('test', from.url);
  await using consumer = consume(target, server, () => source);
  {
    await using _relay = publish(source, server);
    await note(source, keys, 1);
    await until('all are applied', () => is(target, named(keys, 1)));
  }
  await source.close();
  await using copy = await backup(from.url);
  source = open('test', from.url);
  await note(source, keys, 99); // It is lost before its relay has published it.
  await source.log.advance();
  await source.close();
  source = open('test', copy.url);
  await using _relay = publish(source, server);
  await note(source, keys, 2);
  await until('what is new is applied', () => is(target, named(keys, 1, 2)));
  const era = source.log.era();
  const ownerOfCopy = Object.assign(new URL(from.ownerUrl), { pathname: new URL(copy.url).pathname }).href;
  await connected(ownerOfCopy, (owner) => owner.query(`update dure.fence_mark set run = 'an earlier one'`));
  await note(source, keys, 3);
  await until('what came after the restart is applied', () => is(target, named(keys, 1, 2, 3)));
  assert.notEqual(source.log.era(), era);
  assert.deepEqual((await consumer.health.check()).details?.stuck, {});
  await source.close();
});
