import { event } from '@dure/messaging';
import { command, contract, get } from '@dure/service/contract';
import { z } from 'zod';

/** Where a parcel goes. */
export const Address = z.object({
  recipient: z.string().trim().min(1).max(80),
  street: z.string().trim().min(1).max(200),
  city: z.string().trim().min(1).max(80),
  postcode: z.string().trim().min(1).max(16),
});

const Line = z.object({ sku: z.string(), quantity: z.int().min(1) });
const Shipment = z.object({ orderId: z.uuid(), shipmentId: z.uuid(), shippedAt: z.iso.datetime() });

/** A parcel is on its way. */
export const deliveryShipped = event('delivery.shipped', {
  schema: z.object({ orderId: z.uuid(), shipmentId: z.uuid() }),
  key: ({ orderId }) => orderId,
});

const Goods = z.object({ sku: z.string(), round: z.int().min(1) });
const bySku = ({ sku }: { readonly sku: string }) => sku;

/** What ran low has been brought from its maker. */
export const brought = event('delivery.brought', { schema: Goods.extend({ quantity: z.int().min(1) }), key: bySku });
/** It cannot be had, at least not in such a number. */
export const notBrought = event('delivery.notBrought', { schema: Goods, key: bySku });

/** Shipments: a stand-in for a carrier. It refuses nothing, because what is paid for must be sent. */
export const delivery = contract(
  'delivery',
  {
    getShipment: get('/shipments/:orderId', {
      summary: 'The shipment of an order, for other services',
      params: z.object({ orderId: z.uuid() }),
      output: Shipment,
      access: 'service',
      refuses: { UnknownShipment: { status: 404, data: z.object({ orderId: z.string() }) } },
    }),
    /** Sends an order's goods; a second time for the same order answers with the first shipment. */
    ship: command({
      input: z.object({ orderId: z.uuid(), address: Address, lines: z.array(Line).min(1) }),
      output: z.object({ shipmentId: z.uuid() }),
      sensitive: ['address'],
      key: ({ orderId }) => orderId,
    }),
  },
  { emits: [deliveryShipped, brought, notBrought] },
);
