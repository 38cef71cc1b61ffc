import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { bring } from './bring.postgres.ts';
import { delivery, deliveryShipped } from './contract.ts';
import type { DeliveryTables } from './shipments.postgres.ts';
import { postgresShipments } from './shipments.postgres.ts';

/** A stand-in for a carrier: whatever is handed over is on its way at once. */
export const deliveryService = service({
  contract: delivery,
  database: migrations<DeliveryTables>(import.meta.dirname),
  reactions: [bring],
  start: ({ db, ids }) => ({
    getShipment: async ({ params: { orderId } }) => {
      const found = await postgresShipments(db.read).ofOrder(orderId);
      if (found === undefined) throw delivery.refuse.getShipment.UnknownShipment({ orderId });
      return { orderId, shipmentId: found.shipmentId, shippedAt: new Date(found.shippedAt).toISOString() };
    },
    ship: async ({ orderId, address, lines }, _call, tx) => {
      const shipments = postgresShipments(tx.db);
      const known = await shipments.ofOrder(orderId);
      if (known !== undefined) return { shipmentId: known.shipmentId };
      const shipmentId = ids.uuid();
      await shipments.insert({ shipmentId, orderId, address, lines });
      tx.emit(deliveryShipped, { orderId, shipmentId });
      return { shipmentId };
    },
  }),
});
