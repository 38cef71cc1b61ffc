import { contract, get } from '@dure/service/contract';
import { z } from 'zod';

/** What the instances of the kill test serve. */
export const stock = contract('stock', {
  getStock: get('/stock', { output: z.object({ by: z.int() }), access: 'public' }),
});
