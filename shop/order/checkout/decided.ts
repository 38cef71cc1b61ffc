import type { Tx } from '@dure/postgres';
import { Address } from '@shop/delivery/contract';
import { PaymentMethod } from '@shop/payment/contract';
import { z } from 'zod';
import type { Rejection } from '../contract.ts';
import { orderConfirmed, orderRejected } from '../contract.ts';
import type { OrderTables } from '../orders.postgres.ts';
import { postgresOrders } from '../orders.postgres.ts';

/** What the checkout starts with. */
export const Checkout = z.object({
  orderId: z.uuid(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  total: z.object({ amount: z.int(), currency: z.literal('KRW') }),
  method: PaymentMethod,
  address: Address,
});

/** Until the money is taken an order is given up when this much time has passed. */
export const deadlineMs = 30_000;

type Why = { readonly reason: string } & (
  | {
      readonly reason: 'refused';
      readonly code: z.output<typeof Rejection>['reason'];
      readonly data: Readonly<Record<string, unknown>>;
    }
  | { readonly reason: 'timed-out' | 'called-off' }
);
type CheckoutTx = Tx<OrderTables>;

/** The order is paid for and on its way. */
export async function confirm(tx: CheckoutTx, orderId: string, shipmentId: string): Promise<void> {
  const customerId = await postgresOrders(tx.db).confirm(orderId, shipmentId);
  if (customerId !== undefined) tx.emit(orderConfirmed, { orderId, customerId });
}

/** The order came to nothing, for this reason. */
export async function reject(tx: CheckoutTx, orderId: string, why: Why): Promise<void> {
  const rejection: z.output<typeof Rejection> =
    why.reason === 'refused' ? { reason: why.code, data: { ...why.data } } : { reason: 'TimedOut', data: {} };
  const customerId = await postgresOrders(tx.db).reject(orderId, rejection);
  if (customerId !== undefined) tx.emit(orderRejected, { orderId, customerId, reason: rejection.reason });
}
