import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goodsViolations } from './goods-match-orders.ts';
import type { OrderState } from './order-states.ts';
import { paymentViolations } from './payments-match-orders.ts';
import { stockViolations } from './stock-is-conserved.ts';

const confirmed: OrderState = { state: 'confirmed', total: 500, shipmentId: 's' };
const rejected: OrderState = { state: 'rejected', total: 500, shipmentId: null };
const pending: OrderState = { state: 'pending', total: 500, shipmentId: null };
const one = (state: OrderState) => new Map([['o', state]]);
const shelf = { sku: 'tea', supplied: 10, available: 5, reserved: 3, sold: 2 };
const movements = { supplies: 10, lines_reserved: 3, lines_sold: 2 };

test('stock that adds up is conserved', () => {
  assert.deepEqual(stockViolations([{ ...shelf, ...movements }]), []);
});

test('stock that was sold twice or came from nowhere is found', () => {
  assert.deepEqual(stockViolations([{ ...shelf, ...movements, lines_sold: 4 }]), [
    'tea: sold is 2, but its movements add up to 4',
  ]);
  assert.deepEqual(stockViolations([{ ...shelf, ...movements, supplied: 11 }]), [
    'tea: supplied is 11, but its movements add up to 10',
    'tea: supplied is 11, but its movements add up to 10',
  ]);
});

test('one payment for a confirmed order, or for one under way, is right', () => {
  for (const order of [confirmed, pending]) {
    assert.deepEqual(paymentViolations(one(order), [{ order_id: 'o', amount: 500 }]), []);
  }
  assert.deepEqual(paymentViolations(one(rejected), []), []);
});

test('a payment that is doubled, missing, wrong or for nothing is found', () => {
  const paid = { order_id: 'o', amount: 500 };
  assert.deepEqual(paymentViolations(one(confirmed), [paid, paid]), ['order o was paid twice']);
  assert.deepEqual(paymentViolations(one(confirmed), []), ['order o is confirmed, but nothing was taken']);
  assert.deepEqual(paymentViolations(one(rejected), [paid]), ['₩500 was taken for the rejected order o']);
  assert.deepEqual(paymentViolations(one(confirmed), [{ ...paid, amount: 400 }]), [
    '₩400 was taken for the order o of ₩500',
  ]);
  assert.deepEqual(paymentViolations(new Map(), [paid]), ['₩500 was taken for the order o, which does not exist']);
});

test('a confirmed order has its goods, a rejected one has none, one under way may have any', () => {
  const sold = { order_id: 'o', state: 'sold' } as const;
  const sent = { order_id: 'o', shipment_id: 's' };
  assert.deepEqual(goodsViolations(one(confirmed), [sold], [sent]), []);
  assert.deepEqual(goodsViolations(one(rejected), [{ order_id: 'o', state: 'released' }], []), []);
  assert.deepEqual(goodsViolations(one(pending), [sold], [sent]), []);
});

test('goods that are missing, held for nobody or sent for nothing are found', () => {
  const held = { order_id: 'o', state: 'reserved' } as const;
  assert.deepEqual(goodsViolations(one(confirmed), [held], []), [
    'order o is confirmed, but its stock is reserved',
    'order o is confirmed with the shipment s, but nothing was sent',
  ]);
  assert.deepEqual(goodsViolations(one(rejected), [held], [{ order_id: 'o', shipment_id: 's' }]), [
    'order o was rejected, but its stock is reserved',
    'order o was rejected, but its goods were sent',
  ]);
  assert.deepEqual(goodsViolations(new Map(), [held], []), ['goods were taken for the order o, which does not exist']);
});
