import { on, service } from '@dure/service/server';
import type { Statements } from '@dure/sqlite';
import { readModel } from '@dure/sqlite';
import { productAdded, productPriceChanged } from '@shop/product/contract';
import { catalogueSchema, find, put, setPrice } from './catalogue.sqlite.ts';
import { search } from './contract.ts';

// region read-model
/** Finds products by words, in a full-text index of its own that follows the catalogue. */
export const searchService = service({
  contract: search,
  database: readModel(catalogueSchema),
  reactions: [
    on(productAdded, async (product, _call, tx: Statements) => put(tx, product)),
    on(productPriceChanged, async ({ sku, price }, _call, tx: Statements) => setPrice(tx, sku, price)),
  ],
  start: ({ db }) => ({
    searchProducts: async ({ query: { q, limit } }) => ({ products: [...find(db.read, q, limit)] }),
  }),
});
// endregion
