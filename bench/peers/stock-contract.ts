import { contract, get } from '@dure/service/contract';
import { z } from 'zod';

export const stock = contract('stock', {
  getStock: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string(), left: z.int(), reserved: z.int(), sold: z.int() }),
    access: 'public',
  }),
});
