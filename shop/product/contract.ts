import { event } from '@dure/messaging';
import { contract, get, post, put } from '@dure/service/contract';
import { z } from 'zod';

/** A stock-keeping unit: `tea-green`. */
export const Sku = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(40);

/** An amount in the currency's minor unit; the won has none. */
export const Price = z.object({ amount: z.int().min(0), currency: z.literal('KRW') });

const Text = z.object({ en: z.string().min(1).max(400), ko: z.string().min(1).max(400) });

/** Something that is sold. */
export const Product = z.object({
  sku: Sku,
  name: Text,
  description: Text,
  price: Price,
  /** An emoji that stands for the picture. */
  picture: z.string().min(1).max(16),
});

/** A product as it is shown. */
export const ShownProduct = Product.extend({
  /** What version 2 sets some products apart by. */
  badge: Text.optional(),
});

/** A product has come into the catalogue. Kept for ever, so that whoever makes something of the catalogue can begin at the beginning. */
export const productAdded = event('product.added', {
  keepMs: Number.POSITIVE_INFINITY,
  schema: Product,
  key: ({ sku }) => sku,
});

/** A product costs something else from now on; orders that were placed keep their price. */
export const productPriceChanged = event('product.priceChanged', {
  keepMs: Number.POSITIVE_INFINITY,
  schema: z.object({ sku: Sku, price: Price }),
  key: ({ sku }) => sku,
});

const UnknownProduct = { status: 404, data: z.object({ sku: z.string() }) };

/** The catalogue and its prices. */
export const product = contract(
  'product',
  {
    listProducts: get('/products', {
      summary: 'The catalogue, in pages',
      query: z.object({
        /** `next` of the page before. */
        after: z.string().max(40).optional(),
        limit: z.coerce.number<number>().int().min(1).max(50).default(20),
      }),
      output: z.object({
        products: z.array(ShownProduct),
        /** Where the next page starts; null on the last. */
        next: z.string().nullable(),
      }),
      access: 'public',
    }),
    // region contract
    getProduct: get('/products/:sku', {
      summary: 'One product',
      params: z.object({ sku: Sku }),
      output: ShownProduct,
      access: 'public',
      fallback: { lastGood: { oldestMs: 600_000 } },
      refuses: { UnknownProduct },
    }),
    addProduct: post('/products', {
      summary: 'Adds a product to the catalogue',
      body: Product,
      output: Product,
      status: 201,
      access: { role: 'admin' },
      idempotent: 'key',
      refuses: { SkuTaken: { status: 409, data: z.object({ sku: z.string() }) } },
    }),
    // endregion
    listNotices: get('/notices', {
      summary: 'What there is little left of, with more on its way',
      output: z.object({
        notices: z.array(z.object({ sku: z.string(), left: z.int(), since: z.iso.datetime() })),
      }),
      access: { role: 'admin' },
    }),
    changePrice: put('/products/:sku/price', {
      summary: 'Changes the price of a product',
      params: z.object({ sku: Sku }),
      body: Price,
      output: Product,
      access: { role: 'admin' },
      refuses: { UnknownProduct },
    }),
  },
  { emits: [productAdded, productPriceChanged] },
);
