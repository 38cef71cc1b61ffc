import { invariant } from '@dure/dure';
import type { OrderState } from './order-states.ts';
import { orderStates } from './order-states.ts';

/** Money that was taken and not given back. */
export interface CaptureRow {
  readonly order_id: string;
  /** Won. */
  readonly amount: number;
}

/** Whatever was paid and not ordered, ordered and not paid, paid twice, or paid in another amount. */
export function paymentViolations(
  orders: ReadonlyMap<string, OrderState>,
  captures: readonly CaptureRow[],
): readonly string[] {
  const taken = new Map<string, number>();
  const violations: string[] = [];
  for (const { order_id: id, amount } of captures) {
    const order = orders.get(id);
    if (taken.has(id)) violations.push(`order ${id} was paid twice`);
    taken.set(id, (taken.get(id) ?? 0) + amount);
    if (order === undefined) violations.push(`₩${amount} was taken for the order ${id}, which does not exist`);
    else if (order.state === 'rejected') violations.push(`₩${amount} was taken for the rejected order ${id}`);
    else if (order.total !== amount) violations.push(`₩${amount} was taken for the order ${id} of ₩${order.total}`);
  }
  for (const [id, { state }] of orders) {
    if (state === 'confirmed' && !taken.has(id)) violations.push(`order ${id} is confirmed, but nothing was taken`);
  }
  return violations;
}

/** Every captured payment belongs to a confirmed order, or to one that is about to be, once and in the same amount. */
export const paymentsMatchOrders = invariant('payments match orders', {
  reads: ['order', 'payment'],
  check: async ({ order, payment }) => {
    const orders = await orderStates(order);
    const captures = await payment.rows<CaptureRow>(`
      select order_id, amount from capture c
      where not exists (select from refund r where r.capture_id = c.capture_id) order by order_id`);
    const won = (state: OrderState['state']) =>
      captures.reduce((sum, row) => sum + (orders.get(row.order_id)?.state === state ? row.amount : 0), 0);
    const violations = paymentViolations(orders, captures);
    const captured = captures.reduce((sum, { amount }) => sum + amount, 0);
    const confirmed = [...orders.values()].reduce(
      (sum, { state, total }) => sum + (state === 'confirmed' ? total : 0),
      0,
    );
    const figures = { captured, confirmed, underWay: won('pending') };
    return { holds: violations.length === 0, figures, violations };
  },
});
