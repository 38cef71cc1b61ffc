import { migrations } from '@dure/postgres';
import type { ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { z } from 'zod';
import type { Product, ShownProduct } from './contract.ts';
import { product, productAdded, productPriceChanged } from './contract.ts';
import { noticeReactions, standingNotices } from './notices.postgres.ts';
import type { ProductTables } from './products.postgres.ts';
import { postgresProducts } from './products.postgres.ts';

type Item = z.output<typeof Product>;
type ShownItem = z.output<typeof ShownProduct>;

/** The catalogue and its prices. */
export const productService = productVersion('1', (item) => item);

/** A version of it, which shows products in its own way. */
export function productVersion(version: string, shown: (item: Item) => ShownItem): ServiceDefinition {
  return service({
    contract: product,
    metadata: { version },
    database: migrations<ProductTables>(import.meta.dirname),
    reactions: noticeReactions,
    start: ({ db }) => ({
      listProducts: async ({ query }) => {
        const found = await postgresProducts(db.read).after(query.after ?? '', query.limit + 1);
        const products = found.slice(0, query.limit);
        return {
          products: products.map(shown),
          next: found.length > products.length ? (products.at(-1)?.sku ?? null) : null,
        };
      },
      // region service
      getProduct: async ({ params }) => {
        const found = await postgresProducts(db.read).find(params.sku);
        if (found === undefined) throw product.refuse.getProduct.UnknownProduct({ sku: params.sku });
        return shown(found);
      },
      addProduct: ({ body }, call) =>
        db.uow(call, async (tx) => {
          const added = await postgresProducts(tx.db).insert(body);
          if (!added) throw product.refuse.addProduct.SkuTaken({ sku: body.sku });
          tx.emit(productAdded, body);
          return body;
        }),
      // endregion
      listNotices: async () => ({ notices: await standingNotices(db.read) }),
      changePrice: ({ params, body }, call) =>
        db.uow(call, async (tx) => {
          const priced = await postgresProducts(tx.db).setPrice(params.sku, body);
          if (priced === undefined) throw product.refuse.changePrice.UnknownProduct({ sku: params.sku });
          if (priced.changed) tx.emit(productPriceChanged, { sku: params.sku, price: body });
          return priced.item;
        }),
    }),
  });
}
