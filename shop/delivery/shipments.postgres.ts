import type { Generated, Kysely } from '@dure/postgres';
import type { z } from 'zod';
import type { Address } from './contract.ts';

/** The tables of the delivery service. */
export interface DeliveryTables {
  readonly shipment: {
    readonly shipment_id: string;
    readonly order_id: string;
    readonly recipient: string;
    readonly street: string;
    readonly city: string;
    readonly postcode: string;
    readonly lines: string;
    readonly shipped_at: Generated<number>;
  };
}

/** What is sent, where to, for which order. */
export interface NewShipment {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly address: z.output<typeof Address>;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

/** Shipments as they are stored. */
export interface Shipments {
  /** The shipment of an order; `shippedAt` in epoch milliseconds. */
  ofOrder(orderId: string): Promise<{ readonly shipmentId: string; readonly shippedAt: number } | undefined>;
  insert(shipment: NewShipment): Promise<void>;
}

/** Shipments in PostgreSQL; give the transaction to change them. */
export function postgresShipments(db: Kysely<DeliveryTables>): Shipments {
  return {
    async ofOrder(orderId) {
      const row = await db
        .selectFrom('shipment')
        .select(['shipment_id', 'shipped_at'])
        .where('order_id', '=', orderId)
        .executeTakeFirst();
      return row === undefined ? undefined : { shipmentId: row.shipment_id, shippedAt: row.shipped_at };
    },
    async insert({ shipmentId, orderId, address, lines }) {
      await db
        .insertInto('shipment')
        .values({ shipment_id: shipmentId, order_id: orderId, ...address, lines: JSON.stringify(lines) })
        .execute();
    },
  };
}
