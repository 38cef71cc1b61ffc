import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testCall } from '@dure/core/testing';
import { z } from 'zod';
import { contract, openApi } from '../contract/index.ts';
import { mockClient } from '../testing/mock-client.ts';
import { orderPages, orderPagesService, reviews } from '../testing/order-pages.ts';
import { composedService } from './composed-service.ts';
import { composition } from './composition.ts';
import { page } from './page.ts';

describe('the contract of pages', () => {
  test('shows each page with its own answer, what became of its parts, and the refusals of those that it needs', () => {
    const { paths } = openApi([orderPages], { title: 't', version: '1' }) as unknown as {
      readonly paths: Readonly<Record<string, { readonly get: { readonly responses: Responses } }>>;
    };
    const answers = Object.entries(paths).map(
      ([
        path,
        {
          get: { responses },
        },
      ]) => {
        const { properties, required } = responses['200']?.content['application/json']?.schema ?? {};
        return [path, Object.keys(responses), Object.keys(properties ?? {}), required, properties?.parts?.required];
      },
    );
    assert.deepEqual(answers, [
      [
        '/order-pages/{orderId}',
        ['200', '403', '404', 'default'],
        ['state', 'customer', 'reviews', 'products', 'parts'],
        ['state', 'customer', 'reviews', 'products', 'parts'],
        ['order', 'customer', 'reviews', 'products'],
      ],
      [
        '/m/order-pages/{orderId}',
        ['200', '404', 'default'],
        ['state', 'count', 'parts'],
        ['state', 'count', 'parts'],
        ['order', 'products'],
      ],
    ]);
  });

  test('demands of an answer that it says what became of the parts', async () => {
    const client = mockClient(orderPages, {
      getSmallOrderPage: { state: 'placed', count: 1, parts: { order: { status: 'whole' } } } as never,
    });
    await assert.rejects(client.getSmallOrderPage({ params: { orderId: 'o' } }, testCall()), {
      code: 'SERVICE_OUTPUT_INVALID',
      message: /output\.parts\.products/,
    });
  });

  test('costs what its parts cost, unless it says otherwise', () => {
    assert.deepEqual([orderPages.operations.getOrderPage.cost, orderPages.operations.getSmallOrderPage.cost], [5, 3]);
  });

  test('can say of a page what any operation can, such as a rate limit', () => {
    const rateLimit = { quota: 10, windowSeconds: 60 };
    const empty = page('/empty', composition({}), { output: z.object({}), access: 'public', cost: 7, rateLimit });
    const { operations } = contract('limited', { empty });
    assert.partialDeepStrictEqual(operations.empty, { cost: 7, spec: { rateLimit } });
  });

  test('uses the operations of its parts alone, each once, with the policies of the contract that it was taken from', () => {
    assert.deepEqual(
      Object.entries(orderPagesService.uses).map(([key, { operations }]) => [key, Object.keys(operations)]),
      [
        ['order.getOrder', ['getOrder']],
        ['user.getMe', ['getMe']],
        ['reviews.count', ['count']],
        ['product.getProduct', ['getProduct']],
      ],
    );
    const hasty = reviews.with({ count: { attempts: 1 } });
    const both = composition({}).part('one', reviews.operations.count, {}).part('other', hasty.operations.count, {});
    const asked = contract('both', { get: page('/both', both, { output: z.object({}), access: 'public' }) });
    const { uses } = composedService(asked, { get: () => ({}) });
    assert.deepEqual(
      Object.entries(uses).map(([key, { policies }]) => [key, policies?.byOperation]),
      [
        ['reviews.count', {}],
        ['reviews.count 2', { count: { attempts: 1 } }],
      ],
    );
  });
});

interface Responses {
  readonly [status: string]: {
    readonly content: Readonly<
      Record<
        string,
        {
          readonly schema: {
            readonly properties: Readonly<Record<string, { readonly required?: unknown }>>;
            readonly required: unknown;
          };
        }
      >
    >;
  };
}
