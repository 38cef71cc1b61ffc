import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { z } from 'zod';
import { fact } from './fact.ts';
import { foldedRow } from './fold-rows.ts';
import { projection } from './projection.ts';
import { deposited, spec, withdrawn } from './testing/index.ts';

const invalid = (error: unknown) => {
  assert.equal(codeOf(error), 'EVENT_SOURCING_DEFINITION_INVALID', String(error));
  return true;
};
const row = z.object({ account: z.string(), balance: z.int() });
const balances = projection('balances', { mode: 'live', id: 'account', row })
  .on(deposited, (before, { account, amount }) => ({ account, balance: (before?.balance ?? 0) + amount }))
  .on(withdrawn, (before, { amount }) => {
    if (before === undefined) return undefined;
    return before.balance === amount ? null : { ...before, balance: before.balance - amount };
  });

describe('a projection', () => {
  test('turns a row into the next, takes it away, or leaves what is not there', () => {
    spec(balances)
      .given(fact(withdrawn, { account: 'b', amount: 1 }))
      .expectRow('b', undefined)
      .given(fact(deposited, { account: 'a', amount: 5 }), fact(withdrawn, { account: 'a', amount: 2 }))
      .expectRow('a', { account: 'a', balance: 3 })
      .given(fact(withdrawn, { account: 'a', amount: 3 }))
      .expectRow('a', undefined);
  });

  test('can be read without a table, by folding a stream', () => {
    const written = { type: 'test.deposited', schemaVersion: 1, data: { account: 'a', amount: 5 } };
    assert.deepEqual(foldedRow(balances, 'a', [written, written]), { account: 'a', balance: 10 });
    assert.equal(foldedRow(balances, 'b', [written]), undefined);
  });

  test('has a column for each field of its row', () => {
    const wide = z.object({
      id: z.string(),
      state: z.enum(['open', 'closed']),
      ratio: z.number(),
      note: z.string().nullable(),
      lines: z.array(z.string()),
      seen: z.boolean().optional(),
    });
    assert.deepEqual(projection('wide', { mode: 'async', id: 'id', row: wide }).columns, [
      { name: 'id', type: 'text', nullable: false },
      { name: 'state', type: 'text', nullable: false },
      { name: 'ratio', type: 'double precision', nullable: false },
      { name: 'note', type: 'text', nullable: true },
      { name: 'lines', type: 'jsonb', nullable: false },
      { name: 'seen', type: 'boolean', nullable: true },
    ]);
  });

  test('does not take names, numbers and rows that make no sense', () => {
    const make = (name: string, change: object = {}) =>
      projection(name, { mode: 'async', id: 'account', row, ...change });
    assert.throws(() => make('Balances'), invalid);
    assert.throws(() => make('b'.repeat(41)), invalid);
    assert.throws(() => make('balances', { version: 0 }), invalid);
    assert.throws(() => make('balances', { id: 'balance' }), invalid);
    assert.throws(() => make('balances', { indexes: ['owner'] }), invalid);
    assert.throws(() => make('balances', { row: z.string() }), invalid);
    assert.throws(() => make('balances', { row: z.object({ account: z.string(), 'a b': z.string() }) }), invalid);
    assert.throws(() => balances.on(deposited, (before) => before), invalid);
  });
});
