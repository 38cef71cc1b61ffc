import type { Call } from '@dure/core';
import { userOf } from '@dure/core';
import type { Database } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import type { Client } from '@dure/service/client';
import { service } from '@dure/service/server';
import { product } from '@shop/product/contract';
import { z } from 'zod';
import { placeOrder } from './checkout/place-order.ts';
import { placeOrder1 } from './checkout/place-order-1.ts';
import { placeOrder2 } from './checkout/place-order-2.ts';
import { closeDay } from './close-day.postgres.ts';
import { order, orderPlaced } from './contract.ts';
import type { Wish } from './domain/order.ts';
import { discounted, priceOrder, wishedSkus } from './domain/order.ts';
import { deliveryPromise } from './flags.ts';
import type { OrderTables } from './orders.postgres.ts';
import { postgresOrders } from './orders.postgres.ts';
import { rebuildTotals } from './rebuild-totals.postgres.ts';
import { watchOrder } from './watch-order.ts';

/** Orders. The checkout, a saga, carries each of them through. */
export const orderService = service({
  contract: order,
  // region settings
  config: z.object({
    /** Taken off each price of orders that are placed from now on, in percent of it. */
    discountPercent: z.int().min(0).max(90).default(0),
  }),
  flags: [deliveryPromise],
  // endregion
  // A price is asked for, never remembered.
  uses: { product: product.with({ getProduct: { fallback: false } }) },
  database: migrations<OrderTables>(import.meta.dirname),
  jobs: [closeDay, rebuildTotals],
  sagas: [placeOrder, placeOrder2, placeOrder1],
  start: ({ db, flags, ids, live, log, uses }) => ({
    // region live
    getOffer: async (_input, call) => ({
      discountPercent: live.current.discountPercent,
      promisesDelivery: flags.isOn(deliveryPromise, call),
    }),
    // endregion
    place: async ({ body }, call) => {
      const { discountPercent } = live.current;
      const { lines, total } = await priced(body.lines, discountPercent, uses.product, call);
      const customerId = customerOf(call);
      const placed = await db.uow(call, async (tx) => {
        const orderId = ids.uuid();
        const amount = { amount: total, currency: 'KRW' as const };
        const wanted = lines.map(({ sku, quantity }) => ({ sku, quantity }));
        await postgresOrders(tx.db).insert({ orderId, customerId, lines, total });
        tx.emit(orderPlaced, { orderId, customerId, lines: wanted, total: amount });
        tx.start(placeOrder, {
          orderId,
          lines: wanted,
          total: amount,
          method: body.payment.method,
          address: body.address,
        });
        return { orderId, state: 'pending' as const };
      });
      log.info(`order ${placed.orderId} is placed`, { total, trace: call.trace });
      return placed;
    },
    getOrder: ({ params }, call) => mine(db, params.orderId, call, order.refuse.getOrder.UnknownOrder),
    listOrders: async ({ query }, call) => {
      const found = await postgresOrders(db.read).before(query.after, customerOf(call), query.limit + 1);
      const orders = found.slice(0, query.limit);
      return { orders, next: found.length > orders.length ? (orders.at(-1)?.orderId ?? null) : null };
    },
    watchOrder: async ({ params }, call) => {
      const read = () => mine(db, params.orderId, call, order.refuse.watchOrder.UnknownOrder);
      await read();
      return watchOrder(db, params.orderId, read, call.signal);
    },
  }),
});

type Refuse = (data: { orderId: string }) => Error;

async function mine(db: Database<OrderTables>, orderId: string, call: Call, refuse: Refuse) {
  const found = await postgresOrders(db.read).find(orderId, customerOf(call));
  if (found === undefined) throw refuse({ orderId });
  return found;
}

/** The prices of this moment, asked for all products at once. */
async function priced(wishes: readonly Wish[], percent: number, products: Client<typeof product>, call: Call) {
  // region calling
  const asked = wishedSkus(wishes).map(async (sku) => products.getProduct.attempt({ params: { sku } }, call));
  const prices = new Map<string, number>();
  for (const answer of await Promise.all(asked)) {
    if (answer.ok) prices.set(answer.value.sku, discounted(answer.value.price.amount, percent));
  }
  // endregion
  const result = priceOrder(wishes, prices);
  if (result.kind === 'unknown-product') throw order.refuse.place.UnknownProduct({ sku: result.sku });
  return result;
}

function customerOf(call: Call): string {
  return userOf(call.identity)?.subject ?? '';
}
