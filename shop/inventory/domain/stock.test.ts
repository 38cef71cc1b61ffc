import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fact } from '@dure/event-sourcing';
import { spec } from '@dure/event-sourcing/testing';
import { ranLow, released, reserved, shelved, sold, supplied } from '../contract.ts';
import { mergeLines } from './merge-lines.ts';
import { stock } from './stock.ts';

const sku = 'tea';
const orderId = '01900000-0000-7000-8000-00000000000a';
const shelf = spec(stock).given(fact(shelved, { sku }), fact(supplied, { sku, quantity: 5 }));
const held = fact(reserved, { sku, orderId, quantity: 3 });
const low = fact(ranLow, { sku, round: 1, left: 2, wanted: 50 });

test('what is on the shelf can be set aside, once for each order', () => {
  shelf
    .when('reserve', { sku, orderId, quantity: 3 })
    .then(held, low)
    .when('reserve', { sku, orderId, quantity: 3 })
    .then()
    .expectState({ known: true, available: 2, held: { [orderId]: 3 }, rounds: 1 });
});

test('more than there is is refused, also when the product is unknown', () => {
  shelf.when('reserve', { sku, orderId, quantity: 6 }).refuses('OutOfStock', { sku, available: 5 });
  spec(stock).when('reserve', { sku, orderId, quantity: 1 }).refuses('OutOfStock', { sku, available: 0 });
});

test('what is set aside comes back or is sold, once', () => {
  const back = fact(released, { sku, orderId, quantity: 3 });
  shelf
    .given(held)
    .when('release', { sku, orderId })
    .then(back)
    .when('release', { sku, orderId })
    .then()
    .when('sell', { sku, orderId })
    .then()
    .expectState({ known: true, available: 5, held: {}, rounds: 0 });
  shelf
    .given(held)
    .when('sell', { sku, orderId })
    .then(fact(sold, { sku, orderId, quantity: 3 }))
    .expectState({ known: true, available: 2, held: {}, rounds: 0 });
});

test('only a product with a shelf is supplied, and it gets one shelf', () => {
  spec(stock).when('supply', { sku, quantity: 1 }).refuses('UnknownSku', { sku });
  shelf.when('shelve', { sku }).then();
});

test('lines of the same product count together, in order of SKU', () => {
  const lines = [
    { sku: 'tea', quantity: 2 },
    { sku: 'cup', quantity: 2 },
    { sku: 'tea', quantity: 1 },
  ];
  assert.deepEqual(mergeLines(lines), [
    { sku: 'cup', quantity: 2 },
    { sku: 'tea', quantity: 3 },
  ]);
});

test('it is said once that there is little left, and again when that has been mended', () => {
  const another = '01900000-0000-7000-8000-00000000000b';
  const taken = fact(reserved, { sku, orderId: another, quantity: 1 });
  shelf
    .given(held, low)
    .when('reserve', { sku, orderId: another, quantity: 1 })
    .then(taken)
    .when('supply', { sku, quantity: 4 })
    .then(fact(supplied, { sku, quantity: 4 }))
    .when('reserve', { sku, orderId: '01900000-0000-7000-8000-00000000000c', quantity: 1 })
    .then(
      fact(reserved, { sku, orderId: '01900000-0000-7000-8000-00000000000c', quantity: 1 }),
      fact(ranLow, { sku, round: 2, left: 4, wanted: 50 }),
    );
});
