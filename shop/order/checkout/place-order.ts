import type { Tx } from '@dure/postgres';
import { saga, send } from '@dure/saga';
import { delivery } from '@shop/delivery/contract';
import { inventory } from '@shop/inventory/contract';
import { payment } from '@shop/payment/contract';
import type { OrderTables } from '../orders.postgres.ts';
import { Checkout, confirm, deadlineMs, reject } from './decided.ts';

/**
 * Carries an order through: set stock aside and hold the money, side by side; take the money (from here on there is no way
 * back); hand the stock over and ship, side by side. When nobody answers for the money, the provider is asked whether it holds it. If anything before that is refused or takes too long, what was done is
 * undone and the order is rejected with the reason.
 */
export const placeOrder = saga('place-order', {
  input: Checkout,
  key: ({ orderId }) => orderId,
  version: 3,
  deadlineMs,
})
  .parallel(
    'hold',
    (group) =>
      group
        .branch(
          'stock',
          send(inventory.commands.reserve, ({ input: { orderId, lines } }) => ({ orderId, lines })),
          { undo: send(inventory.commands.release, ({ input: { orderId } }) => ({ orderId })) },
        )
        // region unknown
        .branch(
          'money',
          send(payment.commands.authorise, ({ input: { orderId, total, method } }) => ({
            orderId,
            amount: total,
            method,
          })),
          {
            undo: send(payment.commands.voidAuthorisation, ({ input: { orderId } }) => ({ orderId })),
            status: send(payment.commands.askAuthorised, ({ input: { orderId } }) => ({ orderId })),
            // Two attempts, one and a half and three seconds; then it is asked for.
            timeoutMs: 1_500,
            attempts: 2,
          },
        ),
    // endregion
  )
  .pivot(
    'capture',
    send(payment.commands.capture, ({ input: { orderId }, done }) => ({
      orderId,
      authorisationId: done.hold.money.authorisationId,
    })),
  )
  .parallel('handOver', (group) =>
    group
      .branch(
        'sell',
        send(inventory.commands.sell, ({ input: { orderId } }) => ({ orderId })),
      )
      .branch(
        'ship',
        send(delivery.commands.ship, ({ input: { orderId, address, lines } }) => ({ orderId, address, lines })),
      ),
  )
  .end({
    completed: (tx: Tx<OrderTables>, { input, done }) => confirm(tx, input.orderId, done.handOver.ship.shipmentId),
    compensated: (tx: Tx<OrderTables>, { input }, why) => reject(tx, input.orderId, why),
  });
