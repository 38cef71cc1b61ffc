import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { AnyEvent, Outbox } from '@dure/messaging';
import { event } from '@dure/messaging';
import { z } from 'zod';
import { on, reaction } from './reaction.ts';

const schema = z.object({ sku: z.string() });
const ranLow = event('stock.ranLow', { schema, key: ({ sku }) => sku });
const sent = event('depot.sent', { schema, key: ({ sku }) => sku });
const refused = event('depot.refused', { schema, key: ({ sku }) => sku });

interface Tx extends Outbox {
  readonly notes: string[];
}

function transaction(): Tx & { readonly emitted: string[] } {
  const emitted: string[] = [];
  return { notes: [], emitted, emit: ({ name }: AnyEvent) => void emitted.push(name), send: () => undefined };
}

const pack = reaction('depot.pack', {
  flow: 'restocking',
  when: ranLow,
  emits: [sent],
  undoneBy: refused,
  run: async ({ sku }, _call, tx: Tx, emit) => {
    tx.notes.push(sku);
    emit(sent, { sku });
    if (sku === 'careless') tx.emit(refused, { sku });
    // @ts-expect-error the event is not listed
    if (sku === 'typed') emit(refused, { sku });
    // @ts-expect-error the event's data lacks a field
    if (sku === 'never') emit(sent, {});
  },
});

test('a reaction that is part of a flow says so, and emits what it lists', async () => {
  const tx = transaction();
  await pack.run({ sku: 'tea' } as never, testCall(), tx);
  assert.deepEqual([tx.notes, tx.emitted], [['tea'], ['depot.sent']]);
  assert.deepEqual(
    [pack.event.name, pack.part?.name, pack.part?.flow, pack.part?.undoneBy?.name],
    ['stock.ranLow', 'depot.pack', 'restocking', 'depot.refused'],
  );
});

test('what a reaction does not list it cannot emit, whichever way', async () => {
  for (const sku of ['careless', 'typed']) {
    await assert.rejects(pack.run({ sku } as never, testCall(), transaction()), {
      code: 'SERVICE_EVENT_UNLISTED',
      message: 'the reaction "depot.pack" emits "depot.refused", but lists depot.sent under `emits`',
    });
  }
});

/** A store of aggregates finds what belongs to a transaction by the transaction itself; it looked into a copy, and found nothing. */
test('a reaction is given the transaction, not a copy of it', async () => {
  const tx = transaction();
  let given: unknown;
  const looks = reaction('depot.look', {
    flow: 'restocking',
    when: ranLow,
    run: async (_data, _call, inside: Tx) => {
      given = inside;
    },
  });
  await looks.run({ sku: 'tea' } as never, testCall(), tx);
  assert.equal(Object.getPrototypeOf(given), tx);
});

test('a reaction may be replayed only where the code says so, under a name', () => {
  const react = async () => undefined;
  assert.equal(on(ranLow, react).replayable, undefined);
  assert.equal(on(ranLow, react, { replayable: true }).replayable, 'stock.ranLow');
  assert.equal(on(ranLow, react, { name: 'sum', replayable: true }).replayable, 'sum');
  assert.equal(pack.replayable, undefined);
  const again = reaction('depot.count', { flow: 'restocking', when: ranLow, replayable: true, run: react });
  assert.equal(again.replayable, 'depot.count');
});
