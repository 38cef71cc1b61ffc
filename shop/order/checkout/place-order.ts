import type { Tx } from '@dure/postgres';
import { saga, send } from '@dure/saga';
import { Address, delivery } from '@shop/delivery/contract';
import { inventory } from '@shop/inventory/contract';
import { PaymentMethod, payment } from '@shop/payment/contract';
import { z } from 'zod';
import type { Rejection } from '../contract.ts';
import { orderConfirmed, orderRejected } from '../contract.ts';
import type { OrderTables } from '../orders.postgres.ts';
import { postgresOrders } from '../orders.postgres.ts';

const Checkout = z.object({
  orderId: z.uuid(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  total: z.object({ amount: z.int(), currency: z.literal('KRW') }),
  method: PaymentMethod,
  address: Address,
});

/** Until the money is taken an order is given up when this much time has passed. */
const deadlineMs = 30_000;

/**
 * Carries an order through: set stock aside, hold the money, take it (from here on there is no way back), hand the stock
 * over, ship. If anything before that is refused or takes too long, what was done is undone and the order is rejected
 * with the reason.
 */
export const placeOrder = saga('place-order', { input: Checkout, key: ({ orderId }) => orderId, deadlineMs })
  .step(
    'reserve',
    send(inventory.commands.reserve, ({ input: { orderId, lines } }) => ({ orderId, lines })),
    {
      undo: send(inventory.commands.release, ({ input: { orderId } }) => ({ orderId })),
    },
  )
  .step(
    'authorise',
    send(payment.commands.authorise, ({ input: { orderId, total, method } }) => ({ orderId, amount: total, method })),
    { undo: send(payment.commands.voidAuthorisation, ({ input: { orderId } }) => ({ orderId })) },
  )
  .pivot(
    'capture',
    send(payment.commands.capture, ({ input: { orderId }, done }) => ({
      orderId,
      authorisationId: done.authorise.authorisationId,
    })),
  )
  .step(
    'sell',
    send(inventory.commands.sell, ({ input: { orderId } }) => ({ orderId })),
  )
  .step(
    'ship',
    send(delivery.commands.ship, ({ input: { orderId, address, lines } }) => ({ orderId, address, lines })),
  )
  .end({
    completed: async (tx: Tx<OrderTables>, { input: { orderId }, done }) => {
      const customerId = await postgresOrders(tx.db).confirm(orderId, done.ship.shipmentId);
      if (customerId !== undefined) tx.emit(orderConfirmed, { orderId, customerId });
    },
    compensated: async (tx: Tx<OrderTables>, { input: { orderId } }, why) => {
      const rejection: z.output<typeof Rejection> =
        why.reason === 'refused' ? { reason: why.code, data: why.data } : { reason: 'TimedOut', data: {} };
      const customerId = await postgresOrders(tx.db).reject(orderId, rejection);
      if (customerId !== undefined) tx.emit(orderRejected, { orderId, customerId, reason: rejection.reason });
    },
  });
