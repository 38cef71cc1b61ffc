import type { Call } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { composedService } from '../composition/composed-service.ts';
import { composition } from '../composition/composition.ts';
import { page } from '../composition/page.ts';
import { contract, get, post } from '../contract/index.ts';
import type { MockAnswers } from './mock-answers.ts';
import { mockClient } from './mock-client.ts';

/** What order pages are made of, in tests. */
export const order = contract('order', {
  getOrder: get('/orders/:orderId', {
    params: z.object({ orderId: z.string() }),
    output: z.object({ state: z.string(), skus: z.array(z.string()) }),
    access: 'user',
    cost: 2,
    refuses: { UnknownOrder: { status: 404, data: z.object({ orderId: z.string() }) } },
  }),
  place: post('/orders', { body: z.object({}), output: z.object({}), access: 'user' }),
});
/** Who is signed in. */
export const user = contract('user', {
  getMe: get('/users/me', {
    output: z.object({ name: z.string() }),
    access: 'user',
    refuses: { UnknownUser: { status: 404, data: z.object({}) } },
  }),
});
/** What is sold. */
export const product = contract('product', {
  getProduct: get('/products/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string() }),
    access: 'public',
    refuses: { UnknownProduct: { status: 404, data: z.object({}) } },
  }),
});
/** What others say. */
export const reviews = contract('reviews', {
  count: get('/reviews', {
    output: z.object({ count: z.int() }),
    access: 'public',
    refuses: { Closed: { status: 403, data: z.object({}) } },
  }),
});
/** How often something stood in for the reviews. */
export const standIns = { count: 0 };
const noReviews = () => {
  standIns.count += 1;
  return { count: 0 };
};

/** Parts of every kind. */
export const orderParts = composition({ params: z.object({ orderId: z.string() }) })
  .part('order', order.operations.getOrder, { input: ({ params }) => ({ params }) })
  .part('customer', user.operations.getMe, { optional: true, share: 0.3 })
  .part('reviews', reviews.operations.count, { fallback: noReviews, timeoutMs: 200 })
  .each('products', product.operations.getProduct, {
    after: ['order'],
    inputs: (_, { order: { skus } }) =>
      skus.map((sku) => {
        if (sku === 'explode') throw new TypeError('a defect');
        return { params: { sku } };
      }),
    optional: true,
    atOnce: 2,
  });
/** Two views of them. */
export const orderPages = contract('pages', {
  getOrderPage: page('/order-pages/:orderId', orderParts, {
    output: z.object({
      state: z.string(),
      customer: z.string().nullable(),
      reviews: z.int(),
      products: z.array(z.string().nullable()),
    }),
    access: 'user',
    timeoutMs: 1_000,
  }),
  getSmallOrderPage: page('/m/order-pages/:orderId', orderParts.without('customer', 'reviews'), {
    output: z.object({ state: z.string(), count: z.int() }),
    access: 'user',
  }),
});
/** The service of these pages. */
export const orderPagesService = composedService(orderPages, {
  getOrderPage: ({ order: { state }, customer, reviews: { count }, products }) => ({
    state,
    customer: customer?.name ?? null,
    reviews: count,
    products: products.map((one) => one?.sku ?? null),
  }),
  getSmallOrderPage: ({ order: { state }, products }) => ({ state, count: products.length }),
});

/** What the services answer, where that is not the usual. */
export interface OrderPagesAnswers {
  readonly order?: MockAnswers<typeof order>['getOrder'];
  readonly user?: MockAnswers<typeof user>['getMe'];
  readonly product?: MockAnswers<typeof product>['getProduct'];
  readonly reviews?: MockAnswers<typeof reviews>['count'];
}

/** The service with mocks behind it and a clock that the test moves. */
export function startOrderPages(answers: OrderPagesAnswers = {}) {
  const clock = fakeClock();
  const telemetry = memoryTelemetry({ clock });
  const clients = {
    order: mockClient(order, { getOrder: answers.order ?? { state: 'placed', skus: ['tea', 'cup'] } }),
    user: mockClient(user, { getMe: answers.user ?? { name: '소라' } }),
    product: mockClient(product, { getProduct: answers.product ?? (({ params }) => params) }),
    reviews: mockClient(reviews, { count: answers.reviews ?? { count: 7 } }),
  };
  const uses = {
    'order.getOrder': clients.order,
    'user.getMe': clients.user,
    'product.getProduct': clients.product,
    'reviews.count': clients.reviews,
  };
  const handlers = orderPagesService.start({ uses, clock, telemetry } as never);
  const ask = async (name: keyof typeof orderPages.operations, call: Call) =>
    (await handlers)[name]?.({ params: { orderId: 'o' } }, call.with({ operation: orderPages.operations[name] }));
  return { clock, telemetry, clients, ask };
}
