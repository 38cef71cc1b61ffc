import { composition, page } from '@dure/service/composition';
import type { OutputOf } from '@dure/service/contract';
import { contract } from '@dure/service/contract';
import { Order, order } from '@shop/order/contract';
import { Product, product } from '@shop/product/contract';
import { User, user } from '@shop/user/contract';
import { z } from 'zod';

// region parts
/** What pages about an order are made of: it cannot do without the order. */
export const orderParts = composition({ params: z.object({ orderId: z.uuid() }) })
  .part('order', order.operations.getOrder, { input: ({ params }) => ({ params }) })
  .part('customer', user.operations.getMe, { optional: true, share: 0.3 })
  .each('products', product.operations.getProduct, {
    after: ['order'],
    inputs: (_, { order: { lines } }) => lines.map(({ sku }) => ({ params: { sku } })),
    optional: true,
    timeoutMs: 800,
  });
// endregion

/** One order with everything that a page about it shows. */
const OrderPage = z.object({
  order: Order,
  /** The products of the order that could be read. */
  products: z.array(Product),
  /** Null when the user service could not be asked. */
  customer: User.pick({ name: true, email: true }).nullable(),
});

/** What a small screen shows of it. */
const MobileOrderPage = Order.pick({ orderId: true, state: true, reason: true, total: true }).extend({
  lines: z.array(
    z.object({
      quantity: z.int(),
      /** Null when the product could not be read. */
      product: Product.pick({ name: true, picture: true }).nullable(),
    }),
  ),
});

// region pages
/** Answers that are composed of several services' answers, so that a client asks once. */
export const pages = contract('pages', {
  getOrderPage: page('/order-pages/:orderId', orderParts, {
    summary: 'An order, its products and its customer in one answer',
    output: OrderPage,
    access: 'user',
    timeoutMs: 3_000,
  }),
  getMobileOrderPage: page('/m/order-pages/:orderId', orderParts.without('customer'), {
    summary: 'An order and its products, as a small screen shows them',
    output: MobileOrderPage,
    access: 'user',
    timeoutMs: 3_000,
  }),
});
// endregion

/** What the order page is answered with. */
export type OrderPageAnswer = OutputOf<(typeof pages.operations.getOrderPage)['spec']>;
