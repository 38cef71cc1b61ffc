import { event, flow } from '@dure/messaging';
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';

const key = ({ sku }: { readonly sku: string }) => sku;
const Sku = z.object({ sku: z.string() });
const Lot = Sku.extend({ count: z.int().min(1) });

/** There is little left of something. */
export const stockRanLow = event('stock.ranLow', { schema: Lot, key });
/** It is on the shelf again. */
export const stockRefilled = event('stock.refilled', { schema: Lot, key });
/** The depot has sent something off. */
export const depotSent = event('depot.sent', { schema: Lot, key });
/** The depot has nothing to send. */
export const depotRefused = event('depot.refused', { schema: Sku, key });

// region flow
/** Nobody leads it: a shelf runs low, the depot sends or refuses, the shelf is filled or no longer expects anything. */
export const restocking = flow('restocking', {
  starts: stockRanLow,
  ends: [stockRefilled, depotRefused],
  fails: [depotRefused],
  withinMs: 2_000,
});
// endregion

export const stock = contract(
  'stock',
  {
    sell: post('/sales', { body: Lot, access: 'public' }),
    getShelf: get('/shelves/:sku', {
      params: Sku,
      output: z.object({ left: z.int(), expected: z.int() }),
      access: 'public',
    }),
  },
  { emits: [stockRanLow, stockRefilled] },
);

export const depot = contract('depot', {}, { emits: [depotSent, depotRefused] });
