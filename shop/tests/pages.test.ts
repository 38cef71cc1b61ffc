import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { systemClock } from '@dure/core';
import { serviceErrors } from '@dure/service/server';
import { mockClient } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import { order } from '@shop/order/contract';
import { product } from '@shop/product/contract';
import { pages } from '@shop/system/pages/contract';
import { pagesService } from '@shop/system/pages/service';
import { user } from '@shop/user/contract';
import { callOf } from './service-bench.ts';

const userId = '01900000-0000-7000-8000-0000000000aa';
const orderId = '01900000-0000-7000-8000-0000000000bb';
const won = (amount: number) => ({ amount, currency: 'KRW' as const });
const placed = {
  orderId,
  state: 'pending' as const,
  lines: [
    { sku: 'tea', quantity: 1, price: won(5_000) },
    { sku: 'cup', quantity: 2, price: won(7_000) },
  ],
  total: won(19_000),
  placedAt: '2026-01-01T00:00:00Z',
};
const text = (word: string) => ({ en: word, ko: word });
const productOf = (sku: string) => ({
  sku,
  name: text(sku),
  description: text(sku),
  price: won(5_000),
  picture: '🍵',
});
const down = serviceErrors.NO_INSTANCE('nobody there');

const usual = {
  order: mockClient(order, { getOrder: placed }),
  user: mockClient(user, { getMe: { userId, email: 's@example.com', name: '소라', roles: ['customer'] } }),
  product: mockClient(product, { getProduct: ({ params }) => productOf(params.sku) }),
};

async function ask(name: keyof typeof pages.operations, clients: Partial<typeof usual> = {}) {
  const { order: orders, user: users, product: products } = { ...usual, ...clients };
  const uses = { 'order.getOrder': orders, 'user.getMe': users, 'product.getProduct': products };
  const kit = { uses, clock: systemClock, telemetry: silentTelemetry() };
  const handlers = await pagesService.start(kit as never);
  const call: Call = callOf(pages, name, { user: userId });
  return handlers[name]?.({ params: { orderId } }, call) as Promise<Readonly<Record<string, unknown>>>;
}

const whole = { status: 'whole' };

test('one answer holds order, products and customer', async () => {
  assert.deepEqual(await ask('getOrderPage'), {
    order: placed,
    products: [productOf('tea'), productOf('cup')],
    customer: { name: '소라', email: 's@example.com' },
    parts: { order: whole, customer: whole, products: whole },
  });
});

test('the answer for a small screen holds what that shows, and needs no customer', async () => {
  const page = await ask('getMobileOrderPage', { user: mockClient(user) });
  assert.deepEqual(
    [page.orderId, page.state, page.total, page.parts],
    [orderId, 'pending', won(19_000), { order: whole, products: whole }],
  );
  assert.partialDeepStrictEqual(page.lines, [
    { quantity: 1, product: { name: text('tea') } },
    { quantity: 2, product: { name: text('cup') } },
  ]);
});

test('a part that cannot be had is left out and named', async () => {
  const products = mockClient(product, {
    getProduct: ({ params }) => {
      if (params.sku === 'tea') throw down;
      return productOf(params.sku);
    },
  });
  const clients = { product: products, user: mockClient(user, { getMe: down }) };
  const page = await ask('getOrderPage', clients);
  assert.deepEqual([page.products, page.customer], [[productOf('cup')], null]);
  assert.partialDeepStrictEqual(page.parts, {
    order: whole,
    customer: { status: 'absent', problem: { status: 503 } },
    products: { status: 'partial', absent: 1, of: 2, problem: { status: 503 } },
  });
  const { lines } = await ask('getMobileOrderPage', clients);
  assert.partialDeepStrictEqual(lines, [{ product: null }, { product: { name: text('cup') } }]);
});

test('without the order there is no page', async () => {
  const refusal = order.refuse.getOrder.UnknownOrder({ orderId });
  await assert.rejects(ask('getOrderPage', { order: mockClient(order, { getOrder: refusal }) }), {
    service: 'pages',
    code: 'UnknownOrder',
    status: 404,
  });
});
