import { z } from 'zod';
import type { Client } from '../client/index.ts';
import { contract, get, post } from '../contract/index.ts';
import { composedService } from './composed-service.ts';
import { composition } from './composition.ts';
import { page } from './page.ts';

const order = contract('order', {
  getOrder: get('/orders/:orderId', {
    params: z.object({ orderId: z.string() }),
    output: z.object({ state: z.string(), lines: z.array(z.object({ sku: z.string() })) }),
    access: 'user',
    refuses: { UnknownOrder: { status: 404, data: z.object({ orderId: z.string() }) } },
  }),
  place: post('/orders', { body: z.object({ sku: z.string() }), output: z.object({}), access: 'user' }),
});
const user = contract('user', {
  getMe: get('/users/me', {
    output: z.object({ name: z.string() }),
    access: 'user',
    refuses: { UnknownUser: { status: 404, data: z.object({}) } },
  }),
});
const product = contract('product', {
  getProduct: get('/products/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string(), name: z.string() }),
    access: 'public',
  }),
});

const { getOrder } = order.operations;
const { getProduct } = product.operations;
const asked = composition({ params: z.object({ orderId: z.string() }) });
const parts = asked
  .part('order', getOrder, { input: ({ params }) => ({ params: { orderId: params.orderId } }) })
  .part('customer', user.operations.getMe, { optional: true, share: 0.3 })
  .each('products', getProduct, {
    after: ['order'],
    inputs: (_, given) => given.order.lines.map(({ sku }) => ({ params: { sku } })),
    fallback: ({ params }) => ({ sku: params.sku, name: params.sku }),
  });

const output = z.object({ state: z.string(), who: z.string().nullable(), names: z.array(z.string()) });
const pages = contract('pages', {
  getOrderPage: page('/order-pages/:orderId', parts, { output, access: 'user' }),
  getSmallPage: page('/m/order-pages/:orderId', parts.without('customer'), {
    output: z.object({ state: z.string() }),
    access: 'user',
  }),
});

composedService(pages, {
  getOrderPage: (gathered, { params }) => {
    // @ts-expect-error an optional part may be absent
    gathered.customer.name;
    // @ts-expect-error the order has no such field
    gathered.order.status;
    return {
      state: `${params.orderId.trim()} ${gathered.order.state}`,
      who: gathered.customer?.name ?? null,
      names: gathered.products.map(({ name }) => name),
    };
  },
  getSmallPage: (gathered) => {
    // @ts-expect-error this page was declared without it
    gathered.customer;
    return { state: gathered.order.state };
  },
});

// @ts-expect-error a view is missing
composedService(pages, { getSmallPage: ({ order: { state } }) => ({ state }) });

composedService(pages.only('getSmallPage'), {
  // @ts-expect-error the answer has the wrong type
  getSmallPage: () => ({ state: 1 }),
});

// @ts-expect-error a contract with operations that are no pages
composedService(user, { getMe: () => ({ name: '' }) });

asked.part('order', getOrder, {
  // @ts-expect-error the operation has no such parameter
  input: ({ params }) => ({ params: { id: params.orderId } }),
});
asked.part('order', getOrder, {
  // @ts-expect-error the page is not asked with such a parameter
  input: ({ params }) => ({ params: { orderId: params.id } }),
});
// @ts-expect-error the operation needs an input
asked.part('order', getOrder, {});
// @ts-expect-error there is a part of that name already
parts.part('order', user.operations.getMe, {});
// @ts-expect-error it waits for a part that is not there
asked.part('customer', user.operations.getMe, { after: ['order'] });
parts.each('again', getProduct, {
  after: ['customer'],
  // @ts-expect-error it does not wait for that part
  inputs: (_, given) => given.order.lines.map(({ sku }) => ({ params: { sku } })),
});
parts.part('first', getProduct, {
  after: ['customer'],
  optional: true,
  input: (_, { customer }) => (customer === undefined ? undefined : { params: { sku: customer.name } }),
});
parts.part('first', getProduct, {
  after: ['customer'],
  // @ts-expect-error what is not optional is always asked for
  input: (_, { customer }) => (customer === undefined ? undefined : { params: { sku: customer.name } }),
});
parts.part('first', getProduct, {
  input: ({ params }) => ({ params: { sku: params.orderId } }),
  // @ts-expect-error what stands in is no output of the operation
  fallback: () => ({ sku: 1 }),
});
// @ts-expect-error there is no such part
parts.without('nobody');

declare const client: Client<typeof pages>;
const answer = await client.getOrderPage.attempt({ params: { orderId: 'o' } }, {} as never);
if (answer.ok) {
  answer.value.state.trim();
  answer.value.parts.customer.status satisfies 'whole' | 'skipped' | 'fallback' | 'partial' | 'absent';
  // @ts-expect-error there is no such part
  answer.value.parts.nobody;
} else {
  // Of the parts that it cannot do without; the customer's is not among them.
  answer.refusal.code satisfies 'UnknownOrder';
  answer.refusal.data.orderId.trim();
}
