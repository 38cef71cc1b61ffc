import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offeredParkedActions, parkedFields, parkedOrderFrom } from './parked-orders.ts';

const place = { source: 'order', key: 'o 1' };
const form = { message: 'm1', data: '{ "sku": "a" }', by: 'mina', why: 'renamed' };
const who = { source: 'order', by: 'mina', why: 'renamed' };

test('all keys of a source are retried together only where there are more than this one', () => {
  assert.deepEqual(offeredParkedActions({ ofSource: 1 }), ['retry', 'edit', 'skip']);
  assert.deepEqual(offeredParkedActions({ ofSource: 2 }), ['retry', 'retryAll', 'edit', 'skip']);
});

test('an order names what it is done to and nothing else', () => {
  assert.deepEqual(parkedOrderFrom('retry', place, form), { do: 'retry', key: 'o 1', ...who });
  assert.deepEqual(parkedOrderFrom('retryAll', place, form), { do: 'retry', ...who });
  assert.deepEqual(parkedOrderFrom('skip', place, form), { do: 'skip', id: 'm1', ...who });
  assert.deepEqual(parkedOrderFrom('edit', place, form), { do: 'edit', id: 'm1', data: { sku: 'a' }, ...who });
});

test('data that are no JSON are not sent; those that say nothing may be', () => {
  for (const data of ['', '{', 'a'])
    assert.deepEqual(parkedOrderFrom('edit', place, { ...form, data }), { wrong: 'data' });
  assert.deepEqual(parkedOrderFrom('edit', place, { ...form, data: 'null' }), {
    do: 'edit',
    id: 'm1',
    data: null,
    ...who,
  });
});

test('a message is chosen where it is corrected or skipped', () => {
  assert.deepEqual(parkedFields, { retry: [], retryAll: [], edit: ['message', 'data'], skip: ['message'] });
});
