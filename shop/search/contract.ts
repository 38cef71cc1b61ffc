import { contract, get } from '@dure/service/contract';
import { Product } from '@shop/product/contract';
import { z } from 'zod';

/** Finds products by words. The query side of the catalogue: it follows what product tells and asks it nothing. */
export const search = contract('search', {
  searchProducts: get('/search', {
    summary: 'Products whose names or descriptions hold all words, in English or Korean; the best first',
    query: z.object({
      q: z.string().trim().min(1).max(100),
      limit: z.coerce.number<number>().int().min(1).max(50).default(20),
    }),
    output: z.object({ products: z.array(Product) }),
    access: 'public',
  }),
});
