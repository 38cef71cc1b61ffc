import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideReservation, mergeLines } from './reservation.ts';

const shelf = new Map([
  ['cup', 2],
  ['tea', 5],
]);

test('an order that fits is reserved whole, in order of SKU', () => {
  const decision = decideReservation(
    [
      { sku: 'tea', quantity: 5 },
      { sku: 'cup', quantity: 1 },
    ],
    shelf,
  );
  assert.deepEqual(decision, {
    kind: 'reserve',
    lines: [
      { sku: 'cup', quantity: 1 },
      { sku: 'tea', quantity: 5 },
    ],
  });
});

test('one line too many refuses the whole order and names the product', () => {
  const lines = [
    { sku: 'cup', quantity: 3 },
    { sku: 'tea', quantity: 1 },
  ];
  assert.deepEqual(decideReservation(lines, shelf), { kind: 'out-of-stock', sku: 'cup', available: 2 });
});

test('lines of the same product count together', () => {
  const lines = [
    { sku: 'cup', quantity: 2 },
    { sku: 'cup', quantity: 1 },
  ];
  assert.deepEqual(mergeLines(lines), [{ sku: 'cup', quantity: 3 }]);
  assert.equal(decideReservation(lines, shelf).kind, 'out-of-stock');
});

test('a product without a stock row has none', () => {
  assert.deepEqual(decideReservation([{ sku: 'hat', quantity: 1 }], shelf), {
    kind: 'out-of-stock',
    sku: 'hat',
    available: 0,
  });
});
