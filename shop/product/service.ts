import { migrations } from '@dure/postgres';
import { service } from '@dure/service/server';
import { product, productAdded, productPriceChanged } from './contract.ts';
import type { ProductTables } from './products.postgres.ts';
import { postgresProducts } from './products.postgres.ts';

/** The catalogue and its prices. */
export const productService = service({
  contract: product,
  database: migrations<ProductTables>(import.meta.dirname),
  start: ({ db }) => ({
    listProducts: async ({ query }) => {
      const found = await postgresProducts(db.read).after(query.after ?? '', query.limit + 1);
      const products = found.slice(0, query.limit);
      return { products, next: found.length > products.length ? (products.at(-1)?.sku ?? null) : null };
    },
    // region service
    getProduct: async ({ params }) => {
      const found = await postgresProducts(db.read).find(params.sku);
      if (found === undefined) throw product.refuse.getProduct.UnknownProduct({ sku: params.sku });
      return found;
    },
    addProduct: ({ body }, call) =>
      db.uow(call, async (tx) => {
        const added = await postgresProducts(tx.db).insert(body);
        if (!added) throw product.refuse.addProduct.SkuTaken({ sku: body.sku });
        tx.emit(productAdded, body);
        return body;
      }),
    // endregion
    changePrice: ({ params, body }, call) =>
      db.uow(call, async (tx) => {
        const priced = await postgresProducts(tx.db).setPrice(params.sku, body);
        if (priced === undefined) throw product.refuse.changePrice.UnknownProduct({ sku: params.sku });
        if (priced.changed) tx.emit(productPriceChanged, { sku: params.sku, price: body });
        return priced.item;
      }),
  }),
});
