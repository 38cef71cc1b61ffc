import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceOrder, wishedSkus } from './order.ts';

const prices = new Map([
  ['tea', 18_000],
  ['cup', 32_000],
]);

test('an order costs the sum of its lines', () => {
  const wishes = [
    { sku: 'tea', quantity: 2 },
    { sku: 'cup', quantity: 1 },
  ];
  assert.deepEqual(priceOrder(wishes, prices), {
    kind: 'priced',
    lines: [
      { sku: 'tea', quantity: 2, price: 18_000 },
      { sku: 'cup', quantity: 1, price: 32_000 },
    ],
    total: 68_000,
  });
});

test('wishes for the same product become one line', () => {
  const wishes = [
    { sku: 'tea', quantity: 1 },
    { sku: 'cup', quantity: 1 },
    { sku: 'tea', quantity: 3 },
  ];
  assert.deepEqual(wishedSkus(wishes), ['tea', 'cup']);
  const priced = priceOrder(wishes, prices);
  assert.deepEqual(priced.kind === 'priced' && priced.lines[0], { sku: 'tea', quantity: 4, price: 18_000 });
});

test('a product without a price is named', () => {
  assert.deepEqual(priceOrder([{ sku: 'hat', quantity: 1 }], prices), { kind: 'unknown-product', sku: 'hat' });
});
