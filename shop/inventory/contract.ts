import { event } from '@dure/messaging';
import { command, contract, get, post } from '@dure/service/contract';
import { z } from 'zod';

const Sku = z.string().min(1).max(40);
const Quantity = z.int().min(1).max(1_000_000);
const Line = z.object({ sku: Sku, quantity: Quantity });
const OrderOnly = z.object({ orderId: z.uuid() });

/** How much of a product can be bought right now. */
export const Stock = z.object({ sku: Sku, available: z.int().min(0) });

const bySku = ({ sku }: { readonly sku: string }) => sku;
const OrderLine = Line.extend({ orderId: z.uuid() });

/** A product has got a shelf, which is empty. */
export const shelved = event('inventory.shelved', { schema: z.object({ sku: Sku }), key: bySku });
/** More of a product was put on its shelf. */
export const supplied = event('inventory.supplied', { schema: Line, key: bySku });
/** Some of it was set aside for an order. */
export const reserved = event('inventory.reserved', { schema: OrderLine, key: bySku });
/** What was set aside is back on the shelf. */
export const released = event('inventory.released', { schema: OrderLine, key: bySku });
/** What was set aside has been sold. */
export const sold = event('inventory.sold', { schema: OrderLine, key: bySku });

/** There is little left of it: more is wanted. Each time has a number of its own. */
export const ranLow = event('inventory.ranLow', {
  schema: z.object({ sku: Sku, round: z.int().min(1), left: z.int().min(0), wanted: Quantity }),
  key: bySku,
});
/** What was wanted is on the shelf. */
export const restocked = event('inventory.restocked', {
  schema: z.object({ sku: Sku, round: z.int().min(1), quantity: Quantity }),
  key: bySku,
});

/** Nobody sells this product. */
export const UnknownSku = { status: 404, data: z.object({ sku: z.string() }) };

/** Stock and reservations. For each product: supplied = available + reserved + sold. */
export const inventory = contract(
  'inventory',
  {
    getStock: get('/stock/:sku', {
      summary: 'The stock of one product',
      params: z.object({ sku: Sku }),
      output: Stock,
      access: 'public',
      refuses: { UnknownSku },
    }),
    listStock: get('/stock', {
      summary: 'The stock of several products; unknown ones are left out',
      query: z.object({
        /** Comma-separated: `tea-green,cup-moon`. */
        skus: z.string().min(1).max(2_000),
      }),
      output: z.object({ stock: z.array(Stock) }),
      access: 'public',
    }),
    supply: post('/stock/:sku/supplies', {
      summary: 'Puts more of a product on the shelf',
      params: z.object({ sku: Sku }),
      body: z.object({ quantity: Quantity }),
      output: Stock,
      access: { role: 'admin' },
      idempotent: 'key',
      refuses: { UnknownSku },
    }),
    /** Puts a delivery of several products on the shelves. It is sent from outside and carried out later: deliveries are large. */
    // region exposed
    restock: command({
      input: z.object({ delivery: z.string().min(1).max(60), lines: z.array(Line).min(1).max(500) }),
      output: z.object({ stock: z.array(Stock) }),
      refuses: { UnknownSku },
      key: ({ delivery }) => delivery,
      expose: {
        path: '/restocks',
        access: { role: 'admin' },
        summary: 'Puts a delivery of several products on the shelves',
      },
    }),
    // endregion
    /** Sets stock aside for an order: all lines or none. */
    reserve: command({
      input: z.object({ orderId: z.uuid(), lines: z.array(Line).min(1).max(50) }),
      output: OrderOnly,
      refuses: { OutOfStock: { status: 409, data: z.object({ sku: z.string(), available: z.int() }) } },
      key: ({ orderId }) => orderId,
    }),
    /** Puts an order's reserved stock back on the shelf; nothing happens when there is none. */
    release: command({ input: OrderOnly, key: ({ orderId }) => orderId }),
    /** Turns an order's reserved stock into sold stock. */
    sell: command({ input: OrderOnly, key: ({ orderId }) => orderId }),
  },
  { emits: [shelved, supplied, reserved, released, sold, ranLow, restocked] },
);
