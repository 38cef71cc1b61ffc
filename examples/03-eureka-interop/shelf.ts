import { contract, get } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { z } from 'zod';

// region contracts
/** What is known of the foreign service: its route and the shape of its answers. */
export const price = contract(
  'price',
  {
    getPrice: get('/prices/:sku', {
      params: z.object({ sku: z.string() }),
      output: z.object({ sku: z.string(), won: z.int() }),
      access: 'public',
    }),
  },
  { foreign: true },
);

/** A service of ours. */
const shelf = contract('shelf', {
  getShelf: get('/shelves/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string(), shelf: z.string() }),
    access: 'public',
  }),
});
// endregion

export const shelfService = service({
  contract: shelf,
  start: () => ({ getShelf: async ({ params }) => ({ sku: params.sku, shelf: 'B4' }) }),
});
