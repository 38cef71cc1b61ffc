import type { Tx } from '@dure/postgres';
import { saga, send } from '@dure/saga';
import { delivery } from '@shop/delivery/contract';
import { inventory } from '@shop/inventory/contract';
import { payment } from '@shop/payment/contract';
import type { OrderTables } from '../orders.postgres.ts';
import { Checkout, confirm, deadlineMs, reject } from './decided.ts';

/**
 * The checkout as it was until it asked the provider what had become of a payment that nobody answered for: listed for as long as
 * orders are under way that began with it.
 *
 * It carries an order through: set stock aside and hold the money, side by side; take the money (from here on there is no way
 * back); hand the stock over and ship, side by side. If anything before that is refused or takes too long, what was done is
 * undone and the order is rejected with the reason.
 */
export const placeOrder2 = saga('place-order', {
  input: Checkout,
  key: ({ orderId }) => orderId,
  version: 2,
  deadlineMs,
})
  .parallel('hold', (group) =>
    group
      .branch(
        'stock',
        send(inventory.commands.reserve, ({ input: { orderId, lines } }) => ({ orderId, lines })),
        { undo: send(inventory.commands.release, ({ input: { orderId } }) => ({ orderId })) },
      )
      .branch(
        'money',
        send(payment.commands.authorise, ({ input: { orderId, total, method } }) => ({
          orderId,
          amount: total,
          method,
        })),
        { undo: send(payment.commands.voidAuthorisation, ({ input: { orderId } }) => ({ orderId })) },
      ),
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
