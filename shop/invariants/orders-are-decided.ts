import { invariant } from '@dure/dure';

/** Longer than the checkout's deadline and all its steps take when every service is up. */
const patience = '2 minutes';

/** No order stays half-way: two minutes after it was placed it is confirmed or rejected. */
export const ordersAreDecided = invariant('orders are decided', {
  reads: ['order'],
  check: async ({ order }) => {
    const late = await order.rows<{ order_id: string }>(
      `select order_id from orders where state = 'pending' and placed_at < dure.now() - interval '${patience}' order by placed_at limit 20`,
    );
    const [counts] = await order.rows<{ pending: number; confirmed: number; rejected: number }>(`
      select count(*) filter (where state = 'pending') as pending, count(*) filter (where state = 'confirmed') as confirmed,
        count(*) filter (where state = 'rejected') as rejected from orders`);
    const violations = late.map(({ order_id: id }) => `order ${id} has been pending for more than ${patience}`);
    return { holds: late.length === 0, figures: { ...counts }, violations };
  },
});
