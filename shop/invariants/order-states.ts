import type { ReadOnlyDatabase } from '@dure/dure';

/** How far an order has come. */
export interface OrderState {
  readonly state: 'pending' | 'confirmed' | 'rejected';
  /** Won. */
  readonly total: number;
  readonly shipmentId: string | null;
}

/** All orders by their ids. */
export async function orderStates(order: ReadOnlyDatabase): Promise<ReadonlyMap<string, OrderState>> {
  const rows = await order.rows<{
    readonly order_id: string;
    readonly state: OrderState['state'];
    readonly total: number;
    readonly shipment_id: string | null;
  }>('select order_id, state, total, shipment_id from orders');
  return new Map(
    rows.map(({ order_id: id, state, total, shipment_id: shipmentId }) => [id, { state, total, shipmentId }]),
  );
}
