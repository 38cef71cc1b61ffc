import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { codeOf, isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message, ReplyData } from '@dure/messaging';
import { event } from '@dure/messaging';
import { command, contract } from '@dure/service/contract';
import type { Resource } from '@dure/service/server';
import { on, service } from '@dure/service/server';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { dispatcher, react } from './deliveries.ts';

type Tx = string[];
const database: Resource<undefined, Tx> = { kind: 'memory' };
const stock = contract('stock', {
  reserve: command({
    input: z.object({ sku: z.string() }),
    output: z.object({ id: z.string() }),
    refuses: { OutOfStock: { status: 409, data: z.object({ sku: z.string() }) } },
    key: ({ sku }) => sku,
  }),
});
const added = event('product.added', { schema: z.object({ sku: z.string() }), key: ({ sku }) => sku });

const definition = service({
  contract: stock,
  database,
  reactions: [on(added, async ({ sku }, _call, tx: Tx) => void tx.push(`added ${sku}`))],
  start: () => ({
    reserve: async ({ sku }, _call, tx) => {
      if (sku === 'none') throw stock.refuse.reserve.OutOfStock({ sku });
      tx.push(`reserved ${sku}`);
      return { id: 'r1' };
    },
  }),
});

const message = (kind: Message['kind'], type: string, data: unknown): Message => ({
  position: 7,
  id: 'm1',
  kind,
  source: 'order',
  type,
  version: 1,
  key: 'k',
  destination: kind === 'event' ? undefined : 'stock',
  at: 0,
  data,
  meta: { correlation: 'c' },
});

async function setUp() {
  const telemetry = memoryTelemetry();
  const handlers = await definition.start({} as never);
  const replies: string[] = [];
  const dispatch = dispatcher<Tx>({
    definition,
    handlers,
    log: telemetry.log,
    guarded: (_command, _message, _tx, run) => run(),
    ended: async (saga) => void replies.push(`${saga} has ended`),
    sagas: {
      handleReply: async ({ type }) => void replies.push(type),
      handleEvent: async ({ type }) => void replies.push(`${type} waited for`),
    },
  });
  const deliver = async (one: Message) => {
    const tx: Tx = [];
    return { tx, reply: (await dispatch(one, testCall(), tx)) as ReplyData | undefined };
  };
  return { deliver, replies, telemetry };
}

test('a command goes to its handler, in the transaction of its delivery, and its output is the reply', async () => {
  const { deliver, telemetry } = await setUp();
  assert.deepEqual(await deliver(message('command', 'stock.reserve', { sku: 'a' })), {
    tx: ['reserved a'],
    reply: { ok: true, value: { id: 'r1' } },
  });
  assert.match(telemetry.lines.join('\n'), /carries out stock\.reserve/);
});

test('a refusal is thrown through, so that what the handler did is taken back, and told in the log', async () => {
  const { deliver, telemetry } = await setUp();
  await assert.rejects(deliver(message('command', 'stock.reserve', { sku: 'none' })), isRefusal);
  assert.match(telemetry.lines.join('\n'), /refuses stock\.reserve: OutOfStock/);
});

test('the end of a saga is told to nobody but to its claims', async () => {
  const { deliver, replies } = await setUp();
  const ended = message('command', 'stock.saga-ended', null);
  const mark = { id: 's-1', step: '', direction: 'end' as const };
  const told = await deliver({ ...ended, meta: { ...ended.meta, saga: mark } });
  assert.deepEqual([told.reply, replies], [undefined, ['s-1 has ended']]);
});

test('an event goes to the reactions to it and to the sagas that wait for it, a reply to the sagas', async () => {
  const { deliver, replies } = await setUp();
  assert.deepEqual(await deliver(message('event', 'product.added', { sku: 'a' })), {
    tx: ['added a'],
    reply: undefined,
  });
  assert.deepEqual((await deliver(message('event', 'product.removed', {}))).tx, []);
  await deliver(message('reply', 'payment.capture', { ok: true, value: null }));
  assert.deepEqual(replies, ['product.added waited for', 'product.removed waited for', 'payment.capture']);
});

test('reactions with names of their own are given keys of their own, whatever calls them again', async () => {
  const seen: (string | undefined)[] = [];
  const note = async (_data: unknown, call: Call) => void seen.push(call.idempotencyKey);
  const call = testCall({ idempotencyKey: 'm1' });
  for (const reaction of [
    on(added, note),
    on(added, note, { name: 'stock.index' }),
    on(added, note, { name: 'stock.mail' }),
  ])
    await react('stock', reaction, message('event', 'product.added', { sku: 'a' }), call, []);
  assert.deepEqual(seen, ['m1', 'm1/stock.index', 'm1/stock.mail']);
});

test('a command that the contract does not have, and data that do not fit it, are errors that name the message', async () => {
  const { deliver } = await setUp();
  for (const type of ['stock.destroy', 'stock.constructor'])
    await assert.rejects(
      deliver(message('command', type, {})),
      (error) => codeOf(error) === 'DURE_MESSAGE_UNKNOWN' && String(error).includes(type),
    );
  for (const one of [message('command', 'stock.reserve', { sku: 1 }), message('event', 'product.added', {})]) {
    await assert.rejects(
      deliver(one),
      (error) => codeOf(error) === 'DURE_MESSAGE_UNREADABLE' && /position 7.*sku/.test(String(error)),
    );
  }
});

test('messages of earlier versions are brought up before they are read; those of later ones are refused', async () => {
  const sku = z.object({ sku: z.string(), count: z.int() });
  const upcast = { 1: ({ item }: { item: string }) => ({ sku: item, count: 1 }) };
  const restocked = event('product.restocked', { version: 2, schema: sku, key: (data) => data.sku, upcast });
  const seen: string[] = [];
  const versioned = service({
    contract: contract('stock', { add: command({ version: 2, input: sku, key: (input) => input.sku, upcast }) }),
    database,
    reactions: [on(restocked, async (data, _call, _tx: Tx) => void seen.push(`event ${JSON.stringify(data)}`))],
    start: () => ({ add: async (input) => void seen.push(`command ${JSON.stringify(input)}`) }),
  });
  const dispatch = dispatcher<Tx>({
    definition: versioned,
    handlers: await versioned.start({} as never),
    log: memoryTelemetry().log,
    guarded: (_command, _message, _tx, run) => run(),
    ended: async () => undefined,
    sagas: undefined,
  });
  await dispatch(message('event', 'product.restocked', { item: 'a' }), testCall(), []);
  await dispatch(message('command', 'stock.add', { item: 'b' }), testCall(), []);
  assert.deepEqual(seen, ['event {"sku":"a","count":1}', 'command {"sku":"b","count":1}']);
  for (const one of [message('event', 'product.restocked', {}), message('command', 'stock.add', {})])
    await assert.rejects(dispatch({ ...one, version: 3 }, testCall(), []), { code: 'MESSAGING_VERSION_UNKNOWN' });
});
