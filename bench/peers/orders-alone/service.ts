import { userOf } from '@dure/core';
import type { Generated } from '@dure/postgres';
import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { order, orderPlaced } from './contract.ts';

interface Tables {
  readonly product: { readonly sku: string; readonly price: number };
  readonly orders: {
    readonly order_id: string;
    readonly customer_id: string;
    readonly state: Generated<string>;
    readonly total: number;
  };
  readonly order_line: {
    readonly order_id: string;
    readonly sku: string;
    readonly quantity: number;
    readonly price: number;
  };
}

/** Key, order, lines and event in one transaction, as the application written by hand does. */
export const orderService = service({
  contract: order,
  database: migrations<Tables>(import.meta.dirname),
  start: ({ db, ids }) => ({
    place: async ({ body }, call) => {
      const skus = body.lines.map(({ sku }) => sku);
      const prices = await db.read.selectFrom('product').selectAll().where('sku', 'in', skus).execute();
      const priceOf = new Map(prices.map(({ sku, price }) => [sku, price]));
      const customerId = userOf(call.identity)?.subject ?? '';
      return db.uow(call, async (tx) => {
        const orderId = ids.uuid();
        const lines = body.lines.map((line) => ({ order_id: orderId, ...line, price: priceOf.get(line.sku) ?? 0 }));
        const total = lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
        await tx.db.insertInto('orders').values({ order_id: orderId, customer_id: customerId, total }).execute();
        await tx.db.insertInto('order_line').values(lines).execute();
        tx.emit(orderPlaced, { orderId, customerId, order: body });
        return { orderId, state: 'pending' as const };
      });
    },
  }),
});
