import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { Finding, Invariant, ReadOnlyDatabase } from '@dure/dure';
import type { Database, Tx } from '@dure/postgres';
import { sql } from '@dure/postgres';
import { delivery } from '@shop/delivery/contract';
import { deliveryService } from '@shop/delivery/service';
import { inventory } from '@shop/inventory/contract';
import { inventoryService } from '@shop/inventory/service';
import { order } from '@shop/order/contract';
import { orderService } from '@shop/order/service';
import { payment } from '@shop/payment/contract';
import { paymentService } from '@shop/payment/service';
import { shop } from '@shop/system/system';
import { callOf, serviceBench } from './service-bench.ts';

const call = testCall();
const sora = '01900000-0000-7000-8000-0000000000a1';
const address = { recipient: '소라', street: '세종대로 1', city: '서울', postcode: '04524' };
const amount = { amount: 36_000, currency: 'KRW' as const };
const lines = [{ sku: 'tea-green', quantity: 2 }];
const getProduct = { attempt: async () => ({ ok: true, value: { sku: 'tea-green', price: { amount: 18_000 } } }) };

/** The shop's databases, with one confirmed order in them, made by the services' own handlers. */
async function confirmedOrder() {
  const stack = new AsyncDisposableStack();
  const orders = stack.use(await serviceBench(order, orderService, { uses: { product: { getProduct } } }));
  const stock = stack.use(await serviceBench(inventory, inventoryService, { seeds: true }));
  const money = stack.use(await serviceBench(payment, paymentService));
  const parcels = stack.use(await serviceBench(delivery, deliveryService));
  const placing = callOf(order, 'place', { user: sora, key: 'k' });
  const body = { lines, payment: { method: 'card' as const }, address };
  const { orderId } = await orders.handlers.place({ body }, placing);
  await stock.carryOut((tx) => stock.handlers.reserve({ orderId, lines }, call, tx));
  const { authorisationId } = await money.carryOut((tx) =>
    money.handlers.authorise({ orderId, amount, method: 'card' }, call, tx),
  );
  await money.carryOut((tx) => money.handlers.capture({ orderId, authorisationId }, call, tx));
  await stock.carryOut((tx) => stock.handlers.sell({ orderId }, call, tx));
  const ship = await parcels.carryOut((tx) => parcels.handlers.ship({ orderId, address, lines }, call, tx));
  const [checkout] = orderService.sagas as unknown as readonly {
    readonly end: { readonly completed: (tx: Tx, context: unknown) => Promise<void> };
  }[];
  await orders.carryOut(async (tx) =>
    checkout?.end.completed(tx, { input: { orderId }, done: { handOver: { ship } } }),
  );
  const databases = { order: orders.db, inventory: stock.db, payment: money.db, delivery: parcels.db };
  return { orderId, databases, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

type Databases = Readonly<Record<string, Database>>;

async function findings(databases: Databases): Promise<Readonly<Record<string, Finding>>> {
  const readable = Object.fromEntries(
    Object.entries(databases).map(([name, { read }]): [string, ReadOnlyDatabase] => [
      name,
      { rows: async <Row extends object>(query: string) => (await sql.raw<Row>(query).execute(read)).rows },
    ]),
  );
  const check = async ({ name, check }: Invariant) => [name, await check(readable)] as const;
  return Object.fromEntries(await Promise.all(shop.invariants.map(check)));
}

async function broken(databases: Databases): Promise<readonly string[]> {
  return Object.entries(await findings(databases)).flatMap(([name, { holds }]) => (holds ? [] : [name]));
}

const plant = (database: Database, statement: string) =>
  database.uow(call, async (tx) => void (await sql.raw(statement).execute(tx.db)));

test('a shop with one confirmed order is right, and its figures say so', async () => {
  await using made = await confirmedOrder();
  const found = await findings(made.databases);
  assert.deepEqual(await broken(made.databases), []);
  assert.equal(found['stock is conserved']?.figures.sold, 2);
  assert.deepEqual(found['payments match orders']?.figures, { captured: 36_000, confirmed: 36_000, underWay: 0 });
  assert.deepEqual(found['goods match orders']?.figures, { orders: 1, reserved: 0, released: 0, sold: 1, sent: 1 });
  assert.deepEqual(found['orders are decided']?.figures, { pending: 0, confirmed: 1, rejected: 0 });
});

test('a planted double payment is found', async () => {
  await using made = await confirmedOrder();
  await plant(
    made.databases.payment,
    `with twin as (insert into authorisation (authorisation_id, order_id, amount, method, state)
        values (gen_random_uuid(), gen_random_uuid(), 36000, 'card', 'captured') returning authorisation_id)
      insert into capture (capture_id, order_id, authorisation_id, amount)
        select gen_random_uuid(), '${made.orderId}', authorisation_id, 36000 from twin`,
  );
  assert.deepEqual(await broken(made.databases), ['payments match orders']);
});

test('stock that was sold twice is found', async () => {
  await using made = await confirmedOrder();
  await plant(
    made.databases.inventory,
    `update shelf set available = available - 2, sold = sold + 2 where sku = 'tea-green'`,
  );
  assert.deepEqual(await broken(made.databases), ['stock is conserved']);
});

test('an order that was lost is found', async () => {
  await using made = await confirmedOrder();
  await plant(made.databases.order, `delete from order_line; delete from orders`);
  assert.deepEqual(await broken(made.databases), ['payments match orders', 'goods match orders']);
});

test('an order that is stuck is found', async () => {
  await using made = await confirmedOrder();
  await plant(
    made.databases.order,
    `update orders set state = 'pending', decided_at = null, shipment_id = null, placed_at = dure.now() - interval '3 minutes'`,
  );
  assert.deepEqual(await broken(made.databases), ['orders are decided']);
});
