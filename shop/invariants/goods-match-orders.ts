import { invariant } from '@dure/dure';
import type { OrderState } from './order-states.ts';
import { orderStates } from './order-states.ts';

/** The stock of one order. */
export interface ReservationRow {
  readonly order_id: string;
  readonly state: 'reserved' | 'released' | 'sold';
}

/** What was sent for one order. */
export interface ShipmentRow {
  readonly order_id: string;
  readonly shipment_id: string;
}

/** Goods that left or are held for an order that does not stand, and orders that stand without goods. */
export function goodsViolations(
  orders: ReadonlyMap<string, OrderState>,
  reservations: readonly ReservationRow[],
  shipments: readonly ShipmentRow[],
): readonly string[] {
  const stock = new Map(reservations.map(({ order_id: id, state }) => [id, state]));
  const sent = new Map(shipments.map(({ order_id: id, shipment_id: shipmentId }) => [id, shipmentId]));
  const violations = [...new Set([...stock.keys(), ...sent.keys()])]
    .filter((id) => !orders.has(id))
    .map((id) => `goods were taken for the order ${id}, which does not exist`);
  for (const [id, { state, shipmentId }] of orders) {
    const goods = stock.get(id) ?? 'never reserved';
    if (state === 'confirmed' && goods !== 'sold')
      violations.push(`order ${id} is confirmed, but its stock is ${goods}`);
    if (state === 'confirmed' && sent.get(id) !== shipmentId) {
      violations.push(
        `order ${id} is confirmed with the shipment ${shipmentId}, but ${sent.get(id) ?? 'nothing'} was sent`,
      );
    }
    if (state === 'rejected' && (goods === 'reserved' || goods === 'sold')) {
      violations.push(`order ${id} was rejected, but its stock is ${goods}`);
    }
    if (state === 'rejected' && sent.has(id)) violations.push(`order ${id} was rejected, but its goods were sent`);
  }
  return violations;
}

/** A confirmed order's stock is sold and sent, once; a rejected one holds no stock and nothing was sent. */
export const goodsMatchOrders = invariant('goods match orders', {
  reads: ['order', 'inventory', 'delivery'],
  check: async ({ order, inventory, delivery }) => {
    const orders = await orderStates(order);
    const reservations = await inventory.rows<ReservationRow>('select distinct order_id, state from reserved_line');
    const shipments = await delivery.rows<ShipmentRow>('select order_id, shipment_id from shipment');
    const count = (state: ReservationRow['state']) => reservations.filter((row) => row.state === state).length;
    const figures = {
      orders: orders.size,
      reserved: count('reserved'),
      released: count('released'),
      sold: count('sold'),
      sent: shipments.length,
    };
    const violations = goodsViolations(orders, reservations, shipments);
    return { holds: violations.length === 0, figures, violations };
  },
});
