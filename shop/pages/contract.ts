import { contract, get } from '@dure/service/contract';
import { Order } from '@shop/order/contract';
import { Product } from '@shop/product/contract';
import { User } from '@shop/user/contract';
import { z } from 'zod';

/** One order with everything that a page about it shows, composed of the answers of three services. */
export const OrderPage = z.object({
  order: Order,
  /** The products of the order that could be read. */
  products: z.array(Product),
  /** Null when the user service could not be asked. */
  customer: User.pick({ name: true, email: true }).nullable(),
  /** The parts that are incomplete because their service did not answer. */
  partial: z.array(z.enum(['products', 'customer'])),
  /** The parts that may be out of date: what was known of them when their service answered last. */
  dated: z.array(z.enum(['products'])),
});

/** Answers that are composed of several services' answers, so that a client asks once. */
export const pages = contract('pages', {
  getOrderPage: get('/order-pages/:orderId', {
    summary: 'An order, its products and its customer in one answer',
    params: z.object({ orderId: z.uuid() }),
    output: OrderPage,
    access: 'user',
    refuses: { UnknownOrder: { status: 404, data: z.object({ orderId: z.string() }) } },
  }),
});
