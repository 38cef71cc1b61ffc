import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { pagesService } from '@shop/system/pages/service';
import { userIdentity } from './service-bench.ts';

const userId = '01900000-0000-7000-8000-0000000000aa';
const call = testCall({ identity: userIdentity(userId) });
const order = { orderId: 'o', lines: [{ sku: 'tea' }, { sku: 'cup' }] };

interface Fakes {
  readonly order?: unknown;
  readonly product?: (sku: string) => Promise<unknown>;
  readonly user?: () => Promise<unknown>;
}

async function page(fakes: Fakes = {}) {
  const attempt = async () => fakes.order ?? { ok: true, value: order };
  const telemetry = silentTelemetry();
  const handlers = await pagesService.start({
    uses: {
      order: { getOrder: { attempt } },
      product: {
        getProduct: ({ params: { sku } }: { params: { sku: string } }) =>
          (fakes.product ?? (async () => ({ sku })))(sku),
      },
      user: {
        getUser:
          fakes.user ??
          (async ({ params }: never) => ({ ...(params as object), name: '소라', email: 's@example.com' })),
      },
    },
    log: telemetry.log,
  } as never);
  return handlers.getOrderPage?.({ params: { orderId: 'o' } }, call);
}

test('one answer holds order, products and customer', async () => {
  assert.deepEqual(await page(), {
    order,
    products: [{ sku: 'tea' }, { sku: 'cup' }],
    customer: { name: '소라', email: 's@example.com' },
    partial: [],
    dated: [],
  });
});

test('a part that cannot be had is left out and named', async () => {
  const down = async () => {
    throw new TypeError('down');
  };
  const product = async (sku: string) => (sku === 'tea' ? down() : { sku });
  assert.deepEqual(await page({ product, user: down }), {
    order,
    products: [{ sku: 'cup' }],
    customer: null,
    partial: ['products', 'customer'],
    dated: [],
  });
});

test('without the order there is no page', async () => {
  const refused = { ok: false, refusal: { code: 'UnknownOrder', data: { orderId: 'o' } } };
  await assert.rejects(page({ order: refused }), { code: 'UnknownOrder' });
});
