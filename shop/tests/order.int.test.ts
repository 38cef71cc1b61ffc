import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal, systemClock } from '@dure/core';
import type { Tx } from '@dure/postgres';
import { testConfig } from '@dure/service/testing';
import { order } from '@shop/order/contract';
import { orderService } from '@shop/order/service';
import type { ServiceBench } from './service-bench.ts';
import { callOf, serviceBench } from './service-bench.ts';

const sora = '01900000-0000-7000-8000-0000000000a1';
const minsu = '01900000-0000-7000-8000-0000000000a2';
const shipmentId = '01900000-0000-7000-8000-0000000000f1';
const address = { recipient: '소라', street: '세종대로 1', city: '서울', postcode: '04524' };
const refused = (code: string) => (error: unknown) => isRefusal(error) && error.code === code;

const prices: Readonly<Record<string, number>> = { tea: 18_000, cup: 32_000 };
const product = {
  getProduct: {
    attempt: async ({ params: { sku } }: { params: { sku: string } }) => {
      const amount = prices[sku];
      if (amount === undefined) return { ok: false, refusal: { code: 'UnknownProduct', data: { sku } } };
      return { ok: true, value: { sku, price: { amount, currency: 'KRW' } } };
    },
  },
};

const bench = () => serviceBench(order, orderService, { uses: { product } });
type Bench = ServiceBench<typeof order>;

const wish = (...lines: readonly (readonly [string, number])[]) => ({
  body: { lines: lines.map(([sku, quantity]) => ({ sku, quantity })), payment: { method: 'card' as const }, address },
});
const place = (made: Bench, key: string, lines = wish(['tea', 2]), user = sora) =>
  made.handlers.place(lines, callOf(order, 'place', { user, key }));
const get = (made: Bench, orderId: string, user = sora) =>
  made.handlers.getOrder({ params: { orderId } }, callOf(order, 'getOrder', { user }));

/** Ends the saga of an order as the saga's engine does. */
function end(made: Bench, orderId: string, why?: { step: string; code: string; data: unknown }): Promise<void> {
  const [definition] = orderService.sagas as unknown as readonly {
    readonly end: Record<'completed' | 'compensated', (tx: Tx, context: unknown, why?: unknown) => Promise<void>>;
  }[];
  const context = { id: 's', input: { orderId }, done: { handOver: { ship: { shipmentId } } } };
  return made.carryOut(async (tx) => {
    if (why === undefined) await definition?.end.completed(tx, context);
    else await definition?.end.compensated(tx, context, { reason: 'refused', ...why });
  });
}

test('a discount holds for orders placed from then on, and their totals are those of their lines', async () => {
  const config = testConfig(orderService);
  await using made = await serviceBench(order, orderService, { uses: { product }, config });
  const before = await place(made, 'before', wish(['tea', 3]));
  config.change({
    discountPercent: 33,
    'dure.flags': { deliveryPromise: { rules: [{ users: [sora], value: true }] } },
  });
  const after = await place(made, 'after', wish(['tea', 3], ['cup', 1]));
  const amounts = async ({ orderId }: { orderId: string }) => {
    const { total, lines } = await get(made, orderId);
    return [total.amount, ...lines.map(({ sku, price }) => `${sku} ${price.amount}`)];
  };
  assert.deepEqual(await amounts(before), [54_000, 'tea 18000']);
  assert.deepEqual(await amounts(after), [57_620, 'cup 21440', 'tea 12060']);
  const offer = (user: string) => made.handlers.getOffer({}, callOf(order, 'getOffer', { user }));
  assert.deepEqual(await offer(sora), { discountPercent: 33, promisesDelivery: true });
  assert.deepEqual(await offer(minsu), { discountPercent: 33, promisesDelivery: false });
});

test('an order is stored, told and handed to the checkout, once for each key', async () => {
  await using made = await bench();
  const lines = wish(['tea', 2], ['cup', 1], ['tea', 1]);
  const placed = await place(made, 'k', lines);
  assert.deepEqual(await place(made, 'k', lines), placed);
  const stored = await get(made, placed.orderId);
  assert.equal(stored.state, 'pending');
  assert.deepEqual(stored.total, { amount: 86_000, currency: 'KRW' });
  assert.deepEqual(
    stored.lines.map(({ sku, quantity, price }) => [sku, quantity, price.amount]),
    [
      ['cup', 1, 32_000],
      ['tea', 3, 18_000],
    ],
  );
  assert.deepEqual(
    (await made.messages()).map(([type]) => type),
    ['order.placed'],
  );
  assert.deepEqual(
    made.started.map(([name]) => name),
    ['place-order'],
  );
});

test('an order with a product that is not sold leaves no trace', async () => {
  await using made = await bench();
  await assert.rejects(place(made, 'k', wish(['tea', 1], ['hat', 1])), refused('UnknownProduct'));
  assert.deepEqual([await made.messages(), made.started], [[], []]);
});

test('an order is nobody else’s business', async () => {
  await using made = await bench();
  const { orderId } = await place(made, 'k');
  await assert.rejects(get(made, orderId, minsu), refused('UnknownOrder'));
  const watched = made.handlers.watchOrder({ params: { orderId } }, callOf(order, 'watchOrder', { user: minsu }));
  await assert.rejects(watched, refused('UnknownOrder'));
  const list = await made.handlers.listOrders({ query: { limit: 5 } }, callOf(order, 'listOrders', { user: minsu }));
  assert.deepEqual(list, { orders: [], next: null });
});

test('orders are listed latest first, in pages', async () => {
  await using made = await bench();
  const ids: string[] = [];
  for (const key of ['1', '2', '3']) ids.unshift((await place(made, key)).orderId);
  const page = (after?: string) => {
    const query = after === undefined ? { limit: 2 } : { limit: 2, after };
    return made.handlers.listOrders({ query }, callOf(order, 'listOrders', { user: sora }));
  };
  const first = await page();
  assert.deepEqual(
    first.orders.map(({ orderId }) => orderId),
    ids.slice(0, 2),
  );
  const second = await page(first.next ?? undefined);
  assert.deepEqual([second.orders.map(({ orderId }) => orderId), second.next], [ids.slice(2), null]);
});

test('an order is confirmed once and stays so', async () => {
  await using made = await bench();
  const { orderId } = await place(made, 'k');
  await end(made, orderId);
  await end(made, orderId);
  await end(made, orderId, { step: 'hold.stock', code: 'OutOfStock', data: {} });
  const stored = await get(made, orderId);
  assert.deepEqual([stored.state, stored.shipmentId, stored.reason], ['confirmed', shipmentId, undefined]);
  assert.deepEqual((await made.messages()).slice(1), [['order.confirmed', { orderId, customerId: sora }]]);
});

test('a rejected order says why', async () => {
  await using made = await bench();
  const { orderId } = await place(made, 'k');
  await end(made, orderId, { step: 'hold.stock', code: 'OutOfStock', data: { sku: 'tea', available: 1 } });
  const { state, reason, reasonData } = await get(made, orderId);
  assert.deepEqual([state, reason, reasonData], ['rejected', 'OutOfStock', { sku: 'tea', available: 1 }]);
  const rejected = ['order.rejected', { orderId, customerId: sora, reason: 'OutOfStock' }];
  assert.deepEqual((await made.messages()).slice(1), [rejected]);
});

async function watch(made: Bench, orderId: string, signal?: AbortSignal) {
  const call = callOf(order, 'watchOrder', { user: sora });
  const stream = await made.handlers.watchOrder(
    { params: { orderId } },
    signal === undefined ? call : call.with({ signal }),
  );
  return stream[Symbol.asyncIterator]();
}

test('whoever watches an order sees it now and when it is decided', async () => {
  await using made = await bench();
  const { orderId } = await place(made, 'k');
  const seen = await watch(made, orderId);
  assert.equal((await seen.next()).value?.state, 'pending');
  const next = seen.next();
  await place(made, 'another');
  await end(made, orderId);
  assert.equal((await next).value?.state, 'confirmed');
  assert.equal((await seen.next()).done, true);
  const late = await watch(made, orderId);
  assert.equal((await late.next()).value?.state, 'confirmed');
  assert.equal((await late.next()).done, true);
});

test('watching ends when the watcher leaves', async () => {
  await using made = await bench();
  const { orderId } = await place(made, 'k');
  const leaving = new AbortController();
  const seen = await watch(made, orderId, leaving.signal);
  await seen.next();
  const next = seen.next();
  leaving.abort();
  assert.equal((await next).done, true);
});

/** Runs a job of the service to its end, as the runner does: each chunk in a transaction. */
async function runJob(made: Bench, name: string, at = systemClock.now()): Promise<unknown> {
  const found = orderService.jobs.find((one) => one.name === name);
  for (let state: unknown; ; ) {
    const chunk = (await made.carryOut((tx) => found?.run({ tx, at } as never, state as never) ?? assert.fail())) as
      | { readonly more: unknown }
      | { readonly done: unknown };
    if ('done' in chunk) return chunk.done;
    state = chunk.more;
  }
}

test('the day is closed with what was sold on it in Seoul, and closing it again corrects it', async () => {
  await using made = await bench();
  const first = await place(made, 'k1');
  await place(made, 'k2', wish(['cup', 1]));
  await end(made, first.orderId);
  const dayMs = 86_400_000;
  const closed = (await runJob(made, 'close-day', systemClock.now() + dayMs)) as { day: string };
  const seoul = new Date(systemClock.now() + 9 * 3_600_000).toISOString().slice(0, 10);
  assert.deepEqual(closed, { day: seoul, orders: 1, total: 36_000 });
  assert.deepEqual(await runJob(made, 'close-day', systemClock.now() + dayMs), closed);
  assert.deepEqual(
    await runJob(made, 'close-day', systemClock.now() - 30 * dayMs).then((one) => (one as { orders: number }).orders),
    0,
  );
});

test('totals are rebuilt from the lines, and only those that were wrong are changed', async () => {
  await using made = await bench();
  const placed = await place(made, 'k1');
  await place(made, 'k2', wish(['cup', 1]));
  await made.carryOut((tx) =>
    (tx as Tx<{ orders: { total: number; order_id: string } }>).db
      .updateTable('orders')
      .set({ total: 1 })
      .where('order_id', '=', placed.orderId)
      .execute(),
  );
  assert.deepEqual(await runJob(made, 'rebuild-totals'), { orders: 2, corrected: 1 });
  assert.equal((await get(made, placed.orderId)).total.amount, 36_000);
  assert.deepEqual(await runJob(made, 'rebuild-totals'), { orders: 2, corrected: 0 });
});
