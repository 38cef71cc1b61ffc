import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyEvent, Outbox } from '@dure/messaging';
import { event, flow } from '@dure/messaging';
import { contract } from '@dure/service/contract';
import type { Reaction, ServiceDefinition } from '@dure/service/server';
import { reaction, service } from '@dure/service/server';
import { z } from 'zod';
import { flowMaps, flowMermaid, strayReactions } from './flow-map.ts';
import { messageFlow } from './message-flow.ts';
import { readSagaCounts, strandedSagas } from './saga-gate.ts';

const happened = (name: string): AnyEvent =>
  event(name, { schema: z.object({ sku: z.string() }), key: ({ sku }) => sku });
const ranLow = happened('stock.ranLow');
const refilled = happened('stock.refilled');
const sent = happened('depot.sent');
const failed = happened('depot.failed');

const run = async (_data: unknown, _call: unknown, _tx: Outbox) => undefined;
const pack = reaction('depot.pack', { flow: 'restocking', when: ranLow, emits: [sent, failed], undoneBy: failed, run });
const unpack = reaction('depot.unpack', { flow: 'restocking', when: failed, undoes: 'depot.pack', run });
const refill = reaction('stock.refill', { flow: 'restocking', when: sent, emits: [refilled], run });
const restocking = flow('restocking', { starts: ranLow, ends: [refilled, failed], withinMs: 60_000 });

function system(stock: readonly Reaction<Outbox>[], depot: readonly Reaction<Outbox>[], flows = [restocking]) {
  const make = (name: string, emits: readonly AnyEvent[], reactions: readonly Reaction<Outbox>[], more: object) =>
    ({
      ...service({ contract: contract(name, {}, { emits }), start: () => ({}) as never }),
      database: {},
      reactions,
      ...more,
    }) as unknown as ServiceDefinition;
  return {
    stock: make('stock', [ranLow, refilled], stock, { flows }),
    depot: make('depot', [sent, failed], depot, {}),
  };
}

const problems = (...parts: Parameters<typeof system>) => flowMaps(system(...parts)).flatMap((one) => one.problems);

test('a flow is drawn from the reactions of all services', () => {
  const [map] = flowMaps(system([refill], [pack, unpack]));
  assert.ok(map !== undefined);
  assert.deepEqual(map.problems, []);
  assert.deepEqual(
    [map.owner, map.reactions.map(({ service, name }) => `${service} ${name}`)],
    ['stock', ['stock stock.refill', 'depot depot.pack', 'depot depot.unpack']],
  );
  assert.equal(
    flowMermaid(map),
    `flowchart LR
  e1(["stock.ranLow"])
  e2[["stock.refilled"]]
  e3[["depot.failed"]]
  e4("depot.sent")
  r5["stock.refill<br/>stock"]
  r6["depot.pack<br/>depot"]
  r7["depot.unpack<br/>depot"]
  e4 --> r5
  r5 --> e2
  e1 --> r6
  r6 --> e4
  r6 --> e3
  e3 --> r7
  r7 -. undoes .-> r6
`,
  );
});

test('an event that nobody takes is found', () => {
  assert.deepEqual(problems([], [pack, unpack]), [
    'restocking: nobody reacts to "depot.sent", which "depot.pack" emits; react to it or list it in `ends`',
  ]);
  assert.deepEqual(problems([], []), ['restocking: nobody reacts to "stock.ranLow", with which it starts']);
});

test('an effect that nobody takes back, and an undo that undoes nothing or never comes, are found', () => {
  assert.deepEqual(problems([refill], [pack]), [
    'restocking: "depot.pack" is undone by "depot.failed", but no reaction to that undoes it',
  ]);
  const stray = reaction('depot.unpack', { flow: 'restocking', when: failed, undoes: 'depot.wrap', run });
  assert.match(problems([refill], [pack, stray])[1] ?? '', /"depot.unpack" undoes "depot.wrap", which is no reaction/);
  const never = happened('depot.lost');
  const late = reaction('depot.unpack', { flow: 'restocking', when: never, undoes: 'depot.pack', run });
  assert.match(
    problems([refill], [pack, late]).join(' '),
    /nothing emits "depot.lost", upon which "depot.unpack" undoes/,
  );
});

test('a failing end must take back everything that can be taken back', () => {
  const book = reaction('stock.book', { flow: 'restocking', when: ranLow, undoneBy: refilled, run });
  assert.deepEqual(problems([refill, book], [pack, unpack]), [
    'restocking: "stock.book" is undone by "stock.refilled", but no reaction to that undoes it',
    'restocking: when it ends with "depot.failed", nothing undoes "stock.book" of stock',
  ]);
});

test('an end that is said to be a failure must take back everything, also where nothing is taken back upon it', () => {
  const gaveUp = happened('depot.gaveUp');
  const declared = { starts: ranLow, ends: [refilled, failed, gaveUp], withinMs: 60_000 };
  const found = (fails: readonly AnyEvent[]) =>
    problems([refill], [pack, unpack], [flow('restocking', { ...declared, fails })]);
  assert.deepEqual(problems([refill], [pack, unpack], [flow('restocking', declared)]), []);
  assert.deepEqual(found([failed]), []);
  assert.deepEqual(found([failed, gaveUp]), [
    'restocking: when it ends with "depot.gaveUp", nothing undoes "depot.pack" of depot',
  ]);
  assert.match(found([sent])[0] ?? '', /"depot.sent" is listed under `fails`, but not under `ends`/);
});

test('a reaction of a flow that nobody declares, and a flow that two declare, are found', () => {
  assert.match(
    strayReactions(system([], [pack], []))[0] ?? '',
    /"depot.pack" of depot belongs to the flow "restocking"/,
  );
  assert.match(strayReactions(system([], [pack], [restocking, restocking]))[0] ?? '', /listed by two services/);
});

test('whoever watches a flow may read its events in the logs of others; its own it follows', () => {
  const { pulls, grants } = messageFlow(system([refill], [pack, unpack]));
  assert.deepEqual(pulls.stock, ['depot']);
  assert.deepEqual(grants.depot?.stock?.events, ['depot.failed', 'depot.sent']);
});

test('a build that does not list what runs somewhere is refused', () => {
  const saga = { kind: 'saga' as const, name: 'buy', version: 2, shape: 'a', sends: [], waits: [] };
  const definitions = { order: { ...system([], []).stock, sagas: [saga] } };
  const open = (version: number, shape: string, count = 3) => ({
    sagas: { order: [{ saga: 'buy', version, shape, count }] },
  });
  assert.deepEqual(strandedSagas(open(2, 'a'), definitions), []);
  assert.deepEqual(strandedSagas(open(1, 'a', 0), definitions), []);
  assert.match(strandedSagas(open(1, 'a'), definitions)[0] ?? '', /^3 unfinished "buy" of order run by version 1, /);
  assert.equal(strandedSagas(open(2, 'b'), definitions).length, 1);
  assert.deepEqual(readSagaCounts(JSON.stringify(open(2, 'a'))), open(2, 'a'));
  for (const text of ['', '[]', '{"sagas":{"order":5}}']) assert.equal(readSagaCounts(text), undefined);
});
