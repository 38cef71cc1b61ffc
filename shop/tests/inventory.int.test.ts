import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, isRefusal, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { openDatabase, sql } from '@dure/postgres';
import { silentTelemetry } from '@dure/telemetry';
import { inventory } from '@shop/inventory/contract';
import { inventoryService } from '@shop/inventory/service';
import { callOf, serviceBench } from './service-bench.ts';

const orderA = '01900000-0000-7000-8000-00000000000a';
const orderB = '01900000-0000-7000-8000-00000000000b';
const call = testCall();
const plainParts = {
  clock: systemClock,
  ids: ids(systemClock, systemRandom),
  telemetry: silentTelemetry(),
};

async function bench(shelves: Readonly<Record<string, number>>) {
  const made = await serviceBench(inventory, inventoryService);
  for (const [sku, quantity] of Object.entries(shelves)) {
    await made.carryOut(
      (tx) => inventoryService.reactions[0]?.run({ sku } as never, call, tx as never) ?? Promise.resolve(),
    );
    if (quantity > 0) {
      const supplied = callOf(inventory, 'supply', { key: `supply-${sku}` });
      await made.handlers.supply({ params: { sku }, body: { quantity } }, supplied);
    }
  }
  const left = async (sku: string) => (await made.handlers.getStock({ params: { sku } }, call)).available;
  return { ...made, left, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

const refuses = (code: string, data: unknown) => (error: unknown) => {
  assert.ok(isRefusal(error), String(error));
  assert.deepEqual([error.code, error.data], [code, data]);
  return true;
};

test('reserved stock is off the shelf, released stock is back on it, sold stock is gone', async () => {
  await using shelf = await bench({ tea: 10 });
  const lines = [{ sku: 'tea', quantity: 3 }];
  for (const orderId of [orderA, orderB]) {
    await shelf.carryOut((tx) => shelf.handlers.reserve({ orderId, lines }, call, tx));
  }
  assert.equal(await shelf.left('tea'), 4);
  await shelf.carryOut((tx) => shelf.handlers.release({ orderId: orderA }, call, tx));
  await shelf.carryOut((tx) => shelf.handlers.sell({ orderId: orderB }, call, tx));
  assert.equal(await shelf.left('tea'), 7);
});

test('a command that is carried out twice has its effect once', async () => {
  await using shelf = await bench({ tea: 10 });
  const lines = [{ sku: 'tea', quantity: 3 }];
  for (const _ of [1, 2]) await shelf.carryOut((tx) => shelf.handlers.reserve({ orderId: orderA, lines }, call, tx));
  assert.equal(await shelf.left('tea'), 7);
  for (const _ of [1, 2]) await shelf.carryOut((tx) => shelf.handlers.release({ orderId: orderA }, call, tx));
  await shelf.carryOut((tx) => shelf.handlers.sell({ orderId: orderA }, call, tx));
  assert.equal(await shelf.left('tea'), 10);
});

test('an order with one product out of stock reserves nothing at all', async () => {
  await using shelf = await bench({ cup: 5, tea: 1 });
  const lines = [
    { sku: 'cup', quantity: 1 },
    { sku: 'tea', quantity: 2 },
  ];
  await assert.rejects(
    shelf.carryOut((tx) => shelf.handlers.reserve({ orderId: orderA, lines }, call, tx)),
    refuses('OutOfStock', { sku: 'tea', available: 1 }),
  );
  assert.equal(await shelf.left('cup'), 5);
});

test('fifty orders at once for the last ten cups sell exactly ten', async () => {
  await using shelf = await bench({ cup: 10, tea: 100 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) => {
      const orderId = `01900000-0000-7000-8000-0000000001${String(index).padStart(2, '0')}`;
      const lines = ['cup', 'tea'].map((sku) => ({ sku, quantity: 1 }));
      return shelf.carryOut((tx) =>
        shelf.handlers.reserve({ orderId, lines: index % 2 === 0 ? lines : lines.toReversed() }, call, tx),
      );
    }),
  );
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
  assert.deepEqual([await shelf.left('cup'), await shelf.left('tea')], [0, 90]);
});

test('a supply that is sent twice with the same key arrives once', async () => {
  await using shelf = await bench({ tea: 0 });
  const input = { params: { sku: 'tea' }, body: { quantity: 5 } };
  for (const _ of [1, 2]) {
    assert.deepEqual(await shelf.handlers.supply(input, callOf(inventory, 'supply', { key: 'k' })), {
      sku: 'tea',
      available: 5,
    });
  }
  assert.equal(await shelf.left('tea'), 5);
});

test('a delivery is put on the shelves as a whole, or not at all', async () => {
  await using shelf = await bench({ cup: 1, tea: 0 });
  const restock = (...skus: readonly string[]) => {
    const lines = skus.map((sku) => ({ sku, quantity: 4 }));
    return shelf.carryOut((tx) => shelf.handlers.restock({ delivery: 'd1', lines }, call, tx));
  };
  await restock('tea', 'cup', 'tea');
  assert.deepEqual([await shelf.left('cup'), await shelf.left('tea')], [5, 8]);
  await assert.rejects(restock('tea', 'hat'), refuses('UnknownSku', { sku: 'hat' }));
  assert.equal(await shelf.left('tea'), 8);
});

test('a product that nobody knows has no stock', async () => {
  await using shelf = await bench({ tea: 1 });
  await assert.rejects(shelf.left('hat'), refuses('UnknownSku', { sku: 'hat' }));
  const { stock } = await shelf.handlers.listStock({ query: { skus: 'tea, hat,' } }, call);
  assert.deepEqual(stock, [{ sku: 'tea', available: 1 }]);
  const supplied = callOf(inventory, 'supply', { key: 'k' });
  const input = { params: { sku: 'hat' }, body: { quantity: 1 } };
  await assert.rejects(shelf.handlers.supply(input, supplied), refuses('UnknownSku', { sku: 'hat' }));
});

test('the first supplies fit the first catalogue', async () => {
  await using seeded = await serviceBench(inventory, inventoryService, { seeds: true });
  const { stock } = await seeded.handlers.listStock({ query: { skus: 'tea-green,drum-janggu,hat-gat' } }, call);
  assert.deepEqual(stock, [
    { sku: 'drum-janggu', available: 0 },
    { sku: 'hat-gat', available: 1 },
    { sku: 'tea-green', available: 120 },
  ]);
});

test('the tables of the release before become the events that led to them', async () => {
  await using shelf = await bench({});
  const owner = openDatabase({ url: shelf.ownerUrl, service: 'inventory', ...plainParts });
  await using stack = new AsyncDisposableStack();
  stack.use(owner);
  await owner.uow(call, async (tx) => {
    await sql
      .raw(`
      insert into stock (sku, supplied, available, reserved, sold) values ('cup', 10, 6, 1, 3), ('hat', 0, 0, 0, 0);
      insert into supply (supply_id, sku, quantity) values (gen_random_uuid(), 'cup', 4), (gen_random_uuid(), 'cup', 6);
      insert into reservation (order_id, state) values ('${orderA}', 'reserved'), ('${orderB}', 'sold'),
        ('01900000-0000-7000-8000-00000000000c', 'released');
      insert into reservation_line (order_id, sku, quantity) values ('${orderA}', 'cup', 1), ('${orderB}', 'cup', 3),
        ('01900000-0000-7000-8000-00000000000c', 'cup', 2);
      select stock_to_events();
    `)
      .execute(tx.db);
  });
  const { rows } = await sql`select type, count(*) as many from dure.log group by type order by type`.execute(
    shelf.db.read,
  );
  assert.deepEqual(rows, [
    { type: 'inventory.released', many: 1 },
    { type: 'inventory.reserved', many: 3 },
    { type: 'inventory.shelved', many: 2 },
    { type: 'inventory.sold', many: 1 },
    { type: 'inventory.supplied', many: 2 },
  ]);
  await shelf.db.projections.rebuild('shelf');
  await shelf.db.projections.rebuild('reserved-line');
  const stock = await sql`select * from shelf order by sku`.execute(shelf.db.read);
  assert.deepEqual(stock.rows, [
    { sku: 'cup', supplied: 10, available: 6, reserved: 1, sold: 3 },
    { sku: 'hat', supplied: 0, available: 0, reserved: 0, sold: 0 },
  ]);
  await shelf.carryOut((tx) => shelf.handlers.sell({ orderId: orderA }, call, tx));
  assert.equal(await shelf.left('cup'), 6);
});
