import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { delivery } from '@shop/delivery/contract';
import { deliveryService } from '@shop/delivery/service';
import { serviceBench } from './service-bench.ts';

const call = testCall();
const orderId = '01900000-0000-7000-8000-00000000000a';
const address = { recipient: '소라', street: '세종대로 1', city: '서울', postcode: '04524' };

test('an order is shipped once and told once, however often it is asked for', async () => {
  await using bench = await serviceBench(delivery, deliveryService);
  const lines = [{ sku: 'tea', quantity: 2 }];
  const ship = () => bench.carryOut((tx) => bench.handlers.ship({ orderId, address, lines }, call, tx));
  const first = await ship();
  assert.deepEqual(await ship(), first);
  assert.deepEqual(await bench.messages(), [['delivery.shipped', { orderId, ...first }]]);
  const shipment = await bench.handlers.getShipment({ params: { orderId } }, call);
  assert.equal(shipment.shipmentId, first.shipmentId);
});

test('an order that was not shipped has no shipment', async () => {
  await using bench = await serviceBench(delivery, deliveryService);
  const asked = bench.handlers.getShipment({ params: { orderId } }, call);
  await assert.rejects(asked, (error) => isRefusal(error) && error.code === 'UnknownShipment');
});
