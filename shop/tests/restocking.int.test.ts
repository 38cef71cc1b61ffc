import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { AnyContract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { brought, delivery, notBrought } from '@shop/delivery/contract';
import { deliveryService } from '@shop/delivery/service';
import { inventory, ranLow, restocked } from '@shop/inventory/contract';
import { inventoryService } from '@shop/inventory/service';
import { product } from '@shop/product/contract';
import { productService } from '@shop/product/service';
import { callOf, serviceBench } from './service-bench.ts';

const call = testCall();
const orderId = '01900000-0000-7000-8000-00000000000a';
const sku = 'tea-green';

/** A service whose reactions are run by hand. */
async function bench<C extends AnyContract>(contract: C, definition: ServiceDefinition) {
  const made = await serviceBench(contract, definition, { seeds: true });
  const hear = async ({ name }: { readonly name: string }, data: unknown) => {
    const reactions = definition.reactions.filter(({ event }) => event.name === name);
    assert.ok(reactions.length > 0, `${contract.name} reacts to ${name}`);
    for (const { run } of reactions) await made.carryOut((tx) => run(data as never, call, tx as never));
  };
  return { ...made, hear, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

test('an order that leaves little on the shelf says so, with the order; what is brought is put on the shelf', async () => {
  await using shelf = await bench(inventory, inventoryService);
  const said = async () => (await shelf.messages()).filter(([type]) => type === ranLow.name || type === restocked.name);
  const left = async () => (await shelf.handlers.getStock({ params: { sku } }, call)).available;
  const low = { sku, round: 1, left: 3, wanted: 50 };
  await shelf.carryOut((tx) => shelf.handlers.reserve({ orderId, lines: [{ sku, quantity: 117 }] }, call, tx));
  assert.deepEqual(await said(), [[ranLow.name, low]]);
  await shelf.hear(brought, { sku, round: 1, quantity: 50 });
  assert.equal(await left(), 53);
  assert.deepEqual(await said(), [
    [ranLow.name, low],
    [restocked.name, { sku, round: 1, quantity: 50 }],
  ]);
});

test('what is made by machine is brought, what is made by hand is not', async () => {
  await using carrier = await bench(delivery, deliveryService);
  await carrier.hear(ranLow, { sku, round: 1, left: 3, wanted: 50 });
  await carrier.hear(ranLow, { sku: 'wrap-bojagi', round: 2, left: 4, wanted: 50 });
  assert.deepEqual(await carrier.messages(), [
    [brought.name, { sku, round: 1, quantity: 50 }],
    [notBrought.name, { sku: 'wrap-bojagi', round: 2 }],
  ]);
});

test('a notice stands until the goods are there, or until it turns out that none come', async () => {
  await using catalogue = await bench(product, productService);
  const noticed = async () =>
    (await catalogue.handlers.listNotices({}, callOf(product, 'listNotices'))).notices.map((one) => [
      one.sku,
      one.left,
    ]);
  const low = (round: number, of = sku) => catalogue.hear(ranLow, { sku: of, round, left: 3, wanted: 50 });
  await low(1);
  await low(1, 'wrap-bojagi');
  assert.deepEqual((await noticed()).sort(), [
    [sku, 3],
    ['wrap-bojagi', 3],
  ]);
  await catalogue.hear(restocked, { sku, round: 1, quantity: 50 });
  await catalogue.hear(notBrought, { sku: 'wrap-bojagi', round: 1 });
  assert.deepEqual(await noticed(), []);
});

test('what overtakes a notice keeps it from standing, and the next round has its own', async () => {
  await using catalogue = await bench(product, productService);
  const noticed = async () => (await catalogue.handlers.listNotices({}, callOf(product, 'listNotices'))).notices.length;
  await catalogue.hear(notBrought, { sku, round: 1 });
  await catalogue.hear(ranLow, { sku, round: 1, left: 3, wanted: 50 });
  assert.equal(await noticed(), 0);
  await catalogue.hear(ranLow, { sku, round: 2, left: 2, wanted: 50 });
  assert.equal(await noticed(), 1);
});
