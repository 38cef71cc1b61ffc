import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { event } from '@dure/messaging';
import type { Tx } from '@dure/postgres';
import { migrations, openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import { contract } from '@dure/service/contract';
import { on, service } from '@dure/service/server';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { dispatcher } from './deliveries.ts';
import { deliveriesEndpoint } from './deliveries-endpoint.ts';
import { ownFollowers } from './own-followers.ts';

const schema = z.object({ id: z.string() });
const opened = event('ward.opened', { schema, key: ({ id }) => id });
const cleaned = event('ward.cleaned', { schema, key: ({ id }) => id });
const elsewhere = event('house.built', { schema, key: ({ id }) => id });

const clock = systemClock;
const machine = { clock, random: systemRandom, ids: ids(clock, systemRandom) };

async function until(holds: () => Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 10_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, 'it did not come true in 10 s');
    await wait(clock, 5);
  }
}

test('a service reacts to its own events, in one transaction with its place in the log, and can be paused', async () => {
  await using database = await testDatabase();
  const telemetry = memoryTelemetry();
  await using db = openDatabase({ url: database.url, service: 'ward', telemetry, ...machine });
  const waiting = { kind: 'saga', name: 'cleaning', version: 1, shape: 'wait', sends: [], waits: [cleaned] } as const;
  const told: string[] = [];
  // region own
  const definition = service({
    contract: contract('ward', {}, { emits: [opened, cleaned] }),
    database: migrations(import.meta.dirname),
    reactions: [
      on(opened, async ({ id }, _call, tx: Tx) => tx.emit(cleaned, { id })),
      on(elsewhere, async () => assert.fail('another service says that')),
    ],
    sagas: [waiting],
    start: () => ({}),
  });
  // endregion
  const dispatch = dispatcher<Tx>({
    definition,
    handlers: {},
    log: telemetry.log,
    guarded: (_command, _message, _tx, run) => run(),
    ended: async () => undefined,
    sagas: { handleEvent: async ({ type }) => void told.push(type), handleReply: async () => undefined },
  });
  const own = ownFollowers(definition, db, { name: 'ward', telemetry }, machine);
  const [endpoint] = own.endpoints;
  const ask = async (method: 'GET' | 'POST', path: readonly string[] = [], body?: unknown) =>
    (await endpoint?.handle({ method, path, query: {}, body })) ?? assert.fail();
  const open = (id: string) => db.uow(testCall(), async (tx) => tx.emit(opened, { id }));
  const answers = async () => (await db.log.read(0, { events: ['ward.cleaned'], destination: undefined }, 10)).messages;

  await open('a');
  own.run(dispatch);
  await until(async () => (await answers()).length === 1);
  const [first] = (await db.log.read(0, 'all', 1)).messages;
  assert.equal((await answers())[0]?.meta.causation, first?.id);

  const { body } = await ask('GET');
  const [shown] = (body as { followers: { name: string; lag: number; here: { status: string } }[] }).followers;
  assert.equal(shown?.name, 'reactions');
  assert.equal(shown?.here.status, 'following');
  assert.equal((await ask('GET', ['nobody'])).status, 404);
  assert.equal((await ask('POST', ['reactions'], { do: 'dance' })).status, 400);
  assert.equal((await ask('DELETE' as 'GET')).status, 405);

  assert.equal((await ask('POST', ['reactions'], { do: 'pause', why: 'spring cleaning' })).status, 204);
  const [paused] = await db.followers.view('reactions');
  assert.equal(paused?.paused, 'spring cleaning');
  assert.equal((await ask('POST', ['reactions'], { do: 'resume' })).status, 204);
  await open('b');
  await until(async () => (await answers()).length === 2);
  await until(async () => told.length === 4);
  assert.deepEqual(told.toSorted(), ['ward.cleaned', 'ward.cleaned', 'ward.opened', 'ward.opened']);
  await own.close();
});

test('a reaction that fails parks its key, which is corrected like that of another service', async () => {
  await using database = await testDatabase();
  const telemetry = memoryTelemetry();
  await using db = openDatabase({ url: database.url, service: 'ward', telemetry, ...machine });
  const done: string[] = [];
  const definition = service({
    contract: contract('ward', {}, { emits: [opened] }),
    database: migrations(import.meta.dirname),
    reactions: [
      on(opened, async ({ id }) => {
        if (id === 'nowhere') throw new TypeError('there is no such place');
        done.push(id);
      }),
    ],
    start: () => ({}),
  });
  const dispatch = dispatcher<Tx>({
    definition,
    handlers: {},
    log: telemetry.log,
    guarded: (_command, _message, _tx, run) => run(),
    ended: async () => undefined,
    sagas: undefined,
  });
  const own = ownFollowers(definition, db, { name: 'ward', telemetry }, machine);
  const { deliveries } = db;
  const others = { pulls: [], logOf: () => assert.fail('it reads none'), masks: new Set<string>(), clock };
  const endpoint = deliveriesEndpoint({ as: 'ward', deliveries, sources: own.sources, ...others });
  const post = (what: string, body: unknown) =>
    endpoint.handle({ method: 'POST', path: [what], query: {}, body }) as Promise<{ status: number }>;
  await db.uow(testCall(), async (tx) => {
    for (const id of ['nowhere', 'a']) tx.emit(opened, { id });
  });
  own.run(dispatch);
  const source = 'ward/reactions';
  await until(async () => done.length === 1 && (await db.deliveries.parked.standing(source)).keys === 1);
  const [key] = await db.deliveries.operations.list({ source, limit: 9 });
  assert.deepEqual([key?.key, key?.messages, key?.error.message], ['nowhere', 1, 'there is no such place']);

  const who = { by: 'sora', why: 'mistyped' };
  assert.equal((await post('sources', { do: 'pause', source, ...who })).status, 204);
  assert.equal((await db.followers.view('reactions'))[0]?.paused, 'mistyped (sora)');
  assert.equal((await post('sources', { do: 'resume', source, ...who })).status, 204);
  const corrected = { do: 'edit', source, id: key?.first.id, data: { id: 'somewhere' }, ...who };
  assert.equal((await post('parked', corrected)).status, 204);
  await until(async () => (await db.deliveries.operations.list({ source, limit: 9 })).length === 0);
  assert.ok(done.includes('somewhere'));
  await own.close();
});
