import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { DureError, formatFallbacks, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get, openApi, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { MockAnswers } from '../testing/mock-answers.ts';
import { mockClient } from '../testing/mock-client.ts';
import { composedService } from './composed-service.ts';
import { composition } from './composition.ts';
import { page } from './page.ts';

const order = contract('order', {
  getOrder: get('/orders/:orderId', {
    params: z.object({ orderId: z.string() }),
    output: z.object({ state: z.string(), skus: z.array(z.string()) }),
    access: 'user',
    cost: 2,
    refuses: { UnknownOrder: { status: 404, data: z.object({ orderId: z.string() }) } },
  }),
  place: post('/orders', { body: z.object({}), output: z.object({}), access: 'user' }),
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
    output: z.object({ sku: z.string() }),
    access: 'public',
    refuses: { UnknownProduct: { status: 404, data: z.object({}) } },
  }),
});
const reviews = contract('reviews', {
  count: get('/reviews', {
    output: z.object({ count: z.int() }),
    access: 'public',
    refuses: { Closed: { status: 403, data: z.object({}) } },
  }),
});
let stoodIn = 0;
const noReviews = () => {
  stoodIn += 1;
  return { count: 0 };
};

const parts = composition({ params: z.object({ orderId: z.string() }) })
  .part('order', order.operations.getOrder, { input: ({ params }) => ({ params }) })
  .part('customer', user.operations.getMe, { optional: true, share: 0.3 })
  .part('reviews', reviews.operations.count, { fallback: noReviews, timeoutMs: 100 })
  .each('products', product.operations.getProduct, {
    after: ['order'],
    inputs: (_, { order: { skus } }) => skus.map((sku) => ({ params: { sku } })),
    optional: true,
    atOnce: 2,
  });
const pages = contract('pages', {
  getOrderPage: page('/order-pages/:orderId', parts, {
    output: z.object({
      state: z.string(),
      customer: z.string().nullable(),
      reviews: z.int(),
      products: z.array(z.string().nullable()),
    }),
    access: 'user',
    timeoutMs: 1_000,
  }),
  getSmallOrderPage: page('/m/order-pages/:orderId', parts.without('customer', 'reviews'), {
    output: z.object({ state: z.string(), count: z.int() }),
    access: 'user',
  }),
});
const definition = composedService(pages, {
  getOrderPage: ({ order: { state }, customer, reviews: { count }, products }) => ({
    state,
    customer: customer?.name ?? null,
    reviews: count,
    products: products.map((one) => one?.sku ?? null),
  }),
  getSmallOrderPage: ({ order: { state }, products }) => ({ state, count: products.length }),
});

interface Answers {
  readonly order?: MockAnswers<typeof order>['getOrder'];
  readonly user?: MockAnswers<typeof user>['getMe'];
  readonly product?: MockAnswers<typeof product>['getProduct'];
  readonly reviews?: MockAnswers<typeof reviews>['count'];
}

function started(answers: Answers = {}) {
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
  const handlers = definition.start({ uses, clock, telemetry } as never);
  const ask = async (name: keyof typeof pages.operations, call: Call) =>
    (await handlers)[name]?.({ params: { orderId: 'o' } }, call.with({ operation: pages.operations[name] }));
  return { clock, telemetry, clients, ask };
}

const down = serviceErrors.NO_INSTANCE('no instance of "product" at 10.0.0.7 is up', {
  details: { retryAfterMs: 3_000 },
});

describe('a page', () => {
  test('is made of its parts, and says of each that it is whole', async () => {
    const { ask } = started();
    assert.deepEqual(await ask('getOrderPage', testCall()), {
      state: 'placed',
      customer: '소라',
      reviews: 7,
      products: ['tea', 'cup'],
      parts: {
        order: { status: 'whole' },
        customer: { status: 'whole' },
        reviews: { status: 'whole' },
        products: { status: 'whole' },
      },
    });
  });

  test('for another client is made of the parts that it shows, and asks for no other', async () => {
    const { ask, clients } = started();
    const whole = { status: 'whole' };
    assert.deepEqual(await ask('getSmallOrderPage', testCall()), {
      state: 'placed',
      count: 2,
      parts: { order: whole, products: whole },
    });
    assert.equal(clients.user.getMe.calls.length + clients.reviews.count.calls.length, 0);
  });

  test('names the parts that are absent, in its answer and beside it', async () => {
    const { ask, telemetry } = started({
      user: serviceErrors.CONNECT_FAILED('10.0.0.7 refused'),
      reviews: down,
      product: ({ params }) => {
        if (params.sku === 'tea') throw product.refuse.getProduct.UnknownProduct({});
        return params;
      },
    });
    const call = testCall();
    const answer = (await ask('getOrderPage', call)) as Readonly<Record<string, unknown>>;
    assert.deepEqual([answer.customer, answer.reviews, answer.products], [null, 0, [null, 'cup']]);
    assert.deepEqual(answer.parts, {
      order: { status: 'whole' },
      customer: {
        status: 'absent',
        problem: {
          type: 'urn:dure:error:SERVICE_PART_FAILED',
          title: 'A part of the page could not be had',
          status: 502,
        },
      },
      reviews: { status: 'fallback', kind: 'function' },
      products: {
        status: 'partial',
        absent: 1,
        of: 2,
        problem: {
          type: 'urn:dure:refusal:pages:getOrderPage:UnknownProduct',
          title: 'UnknownProduct',
          status: 404,
          refusal: 'UnknownProduct',
        },
      },
    });
    assert.doesNotMatch(JSON.stringify(answer), /10\.0\.0\.7/);
    assert.deepEqual(formatFallbacks(call.fallbacks.all())?.split(', ').sort(), [
      'product.getProduct;kind=absent',
      'reviews.count;kind=function',
      'user.getMe;kind=absent',
    ]);
    assert.deepEqual(
      telemetry.logs.map(({ message }) => message),
      ['pages.getOrderPage does without its part "customer"'],
    );
  });

  test('says what stood in for an answer on the way, and how old it is', async () => {
    const { ask } = started({
      product: ({ params }, { fallbacks }) => {
        fallbacks.add({ operation: 'product.getProduct', kind: 'last-good', ageS: params.sku === 'tea' ? 12 : 30 });
        return params;
      },
    });
    const call = testCall();
    const { parts: marks } = (await ask('getSmallOrderPage', call)) as { readonly parts: object };
    assert.deepEqual(marks, {
      order: { status: 'whole' },
      products: { status: 'fallback', kind: 'last-good', ageS: 30 },
    });
    assert.equal(call.fallbacks.all().length, 1);
  });

  test('refuses what a part refuses that it cannot do without', async () => {
    const { ask, clients } = started({ order: order.refuse.getOrder.UnknownOrder({ orderId: 'o' }) });
    const refused = {
      service: 'pages',
      operation: 'getOrderPage',
      code: 'UnknownOrder',
      status: 404,
      data: { orderId: 'o' },
    };
    await assert.rejects(ask('getOrderPage', testCall()), refused);
    assert.equal(clients.product.getProduct.calls.length, 0);
  });

  test('has nothing in place of a refusal, also where a part has a fallback', async () => {
    const { ask } = started({ reviews: reviews.refuse.count.Closed({}) });
    await assert.rejects(ask('getOrderPage', testCall()), { service: 'pages', code: 'Closed', status: 403 });
  });

  const failures: readonly (readonly [string, Error, string, string])[] = [
    ['cannot be had', down, 'SERVICE_PART_UNAVAILABLE', 'unavailable'],
    [
      'is asked for too often',
      new DureError('X_LIMITED', 'limited', 'later'),
      'SERVICE_PART_UNAVAILABLE',
      'unavailable',
    ],
    ['takes too long', new DureError('X_TIMEOUT', 'timeout', 'late'), 'SERVICE_PART_TIMEOUT', 'timeout'],
    ['answers nonsense', serviceErrors.RESPONSE_INVALID('10.0.0.7'), 'SERVICE_PART_FAILED', 'upstream'],
    ['fails by a defect', new TypeError('10.0.0.7'), 'SERVICE_PART_FAILED', 'upstream'],
    ['calls the page mistaken', serviceErrors.INPUT_INVALID('10.0.0.7'), 'SERVICE_PART_FAILED', 'upstream'],
    ['is not for its caller', serviceErrors.FORBIDDEN('10.0.0.7'), 'SERVICE_FORBIDDEN', 'forbidden'],
  ];
  for (const [what, failure, code, kind] of failures) {
    test(`fails when a part that it needs ${what}, and tells nothing of the inside`, async () => {
      const { ask } = started({ order: failure });
      await assert.rejects(ask('getOrderPage', testCall()), (error: DureError) => {
        assert.doesNotMatch(error.message, /10\.0\.0\.7|getOrder\b/);
        assert.match(error.message, /^pages\.getOrderPage: its part "order" /);
        assert.deepEqual([error.code, error.kind, error.cause === failure], [code, kind, true]);
        return true;
      });
    });
  }

  test('hands on how long to wait', async () => {
    const { ask } = started({ order: down });
    await assert.rejects(ask('getOrderPage', testCall()), { details: { part: 'order', retryAfterMs: 3_000 } });
  });

  test('waits for an optional part for its share of the time, and for a part with a fallback for its own limit', async () => {
    const hanging = ({ signal }: Call) => wait(clock, 60_000, signal).then(() => Promise.reject(signal.reason));
    const { clock, ask } = started({ user: (_, call) => hanging(call), reviews: (_, call) => hanging(call) });
    const from = clock.now();
    let tookMs: number | undefined;
    const answer = ask('getOrderPage', testCall()).then((one) => {
      tookMs = clock.now() - from;
      return one as { readonly parts: Readonly<Record<string, { readonly status: string }>> };
    });
    await clock.advance(2_000);
    const { customer, reviews: count } = (await answer).parts;
    assert.deepEqual([customer?.status, count?.status], ['absent', 'fallback']);
    assert.equal(tookMs, 285); // 0.3 of 0.95 of a second
    assert.equal(clock.pending, 0);
  });

  test('a part has ended a little earlier, so that what its contract has in place of an answer comes in time', async () => {
    const deadlines: number[] = [];
    const { clock, ask } = started({
      user: (_, call) => {
        deadlines.push(call.deadline - clock.now());
        return { name: 'x' };
      },
    });
    await ask('getOrderPage', testCall({ deadline: clock.now() + 500 }));
    assert.deepEqual(deadlines.map(Math.round), [Math.round(500 * 0.95 * 0.3 * 0.95)]);
  });

  test('fails in time when a part that it needs hangs', async () => {
    const { clock, ask } = started({
      order: (_, { signal }) => wait(clock, 60_000, signal).then(() => Promise.reject(signal.reason)),
    });
    const late = assert.rejects(ask('getOrderPage', testCall()), { code: 'SERVICE_PART_TIMEOUT' });
    await clock.advance(951);
    await late;
  });

  test('cancels the other parts when one fails that it needs', async () => {
    const cancelled: number[] = [];
    const { clock, ask } = started({
      order: () => wait(clock, 10).then(() => Promise.reject(down)),
      user: async (_, { signal }) => {
        if (!(await wait(clock, 200, signal))) cancelled.push(clock.monotonicMs());
        return { name: 'x' };
      },
    });
    const failed = assert.rejects(ask('getOrderPage', testCall()), { code: 'SERVICE_PART_UNAVAILABLE' });
    await clock.advance(500);
    await failed;
    assert.deepEqual(cancelled, [10]);
  });

  test('ends when its caller leaves, even where a part does not heed it, and asks for nothing more', async () => {
    const { clock, clients, ask } = started({
      order: async () => {
        await wait(clock, 50);
        return { state: 'placed', skus: ['tea'] };
      },
    });
    const caller = new AbortController();
    const left = assert.rejects(ask('getOrderPage', testCall({ signal: caller.signal })), {
      code: 'RESILIENCE_CANCELLED',
    });
    await clock.advance(10);
    caller.abort();
    await left;
    await clock.advance(500);
    assert.equal(clients.product.getProduct.calls.length, 0);
  });

  test('whose caller leaves lets nothing stand in and complains of nothing', async () => {
    const before = stoodIn;
    const hanging = ({ signal }: Call) => wait(clock, 90, signal).then(() => Promise.reject(signal.reason));
    const { clock, ask, telemetry } = started({
      user: (_, call) => hanging(call),
      reviews: (_, call) => hanging(call),
    });
    const caller = new AbortController();
    const left = assert.rejects(ask('getOrderPage', testCall({ signal: caller.signal })), {
      code: 'RESILIENCE_CANCELLED',
    });
    await clock.advance(5);
    caller.abort();
    await left;
    await clock.advance(500);
    assert.deepEqual([stoodIn - before, telemetry.logs], [0, []]);
  });

  test('whose caller leaves between several calls of a part makes no more of them', async () => {
    const { clock, clients, ask } = started({
      order: { state: 'placed', skus: ['a', 'b', 'c', 'd'] },
      product: async ({ params }) => {
        await wait(clock, 10);
        return params;
      },
    });
    const caller = new AbortController();
    const left = assert.rejects(ask('getOrderPage', testCall({ signal: caller.signal })), {
      code: 'RESILIENCE_CANCELLED',
    });
    await clock.advance(5);
    caller.abort();
    await left;
    await clock.advance(500);
    assert.equal(clients.product.getProduct.calls.length, 2);
  });

  test('makes no more calls of a kind at once than it says, and asks equal questions once', async () => {
    let underWay = 0;
    let most = 0;
    const { clock, clients, ask } = started({
      order: { state: 'placed', skus: ['a', 'b', 'c', 'a', 'd', 'e', 'b'] },
      product: async ({ params }) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await wait(clock, 10);
        underWay -= 1;
        return params;
      },
    });
    const answer = ask('getOrderPage', testCall());
    for (let turn = 0; turn < 10; turn += 1) await clock.advance(10);
    const { products } = (await answer) as { readonly products: readonly string[] };
    assert.deepEqual(products, ['a', 'b', 'c', 'a', 'd', 'e', 'b']);
    assert.deepEqual([most, clients.product.getProduct.calls.length], [2, 5]);
  });

  test('is one span for each part below one that says what all of it costs', async () => {
    const { telemetry, ask } = started();
    await ask('getOrderPage', testCall({ trace: telemetry.startSpan('server').context }));
    const [whole, ...others] = telemetry.spans.toReversed();
    assert.deepEqual(
      [whole?.name, whole?.attributes],
      ['compose pages.getOrderPage', { 'dure.parts.calls': 5, 'dure.parts.cost': 6 }],
    );
    assert.deepEqual(
      others.map(({ name, parentId }) => [name, parentId === whole?.context.spanId]).sort(),
      ['customer', 'order', 'products', 'reviews'].map((name) => [`pages.getOrderPage ${name}`, true]),
    );
    assert.equal(others.find(({ name }) => name.endsWith('products'))?.attributes['dure.part.calls'], 2);
    assert.match(telemetry.metrics.prometheus(), /dure_composition_cost\S*\{page="pages.getOrderPage"\} 6/);
  });
});

describe('the contract of pages', () => {
  test('shows each page with its own answer, what became of its parts, and the refusals of those that it needs', () => {
    const { paths } = openApi([pages], { title: 't', version: '1' }) as unknown as {
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
    const client = mockClient(pages, {
      getSmallOrderPage: { state: 'placed', count: 1, parts: { order: { status: 'whole' } } } as never,
    });
    await assert.rejects(client.getSmallOrderPage({ params: { orderId: 'o' } }, testCall()), {
      code: 'SERVICE_OUTPUT_INVALID',
      message: /output\.parts\.products/,
    });
  });

  test('costs what its parts cost, unless it says otherwise', () => {
    assert.deepEqual([pages.operations.getOrderPage.cost, pages.operations.getSmallOrderPage.cost], [5, 3]);
  });

  test('uses the operations of its parts alone, each once, with the policies of the contract that it was taken from', () => {
    assert.deepEqual(
      Object.entries(definition.uses).map(([key, { operations }]) => [key, Object.keys(operations)]),
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

describe('SERVICE_COMPOSITION_INVALID', () => {
  const { count } = reviews.operations;
  const empty = composition({});
  const output = z.object({});
  const twoRefusals = composition({})
    .part('me', user.operations.getMe, {})
    .part(
      'you',
      contract('user', {
        get: get('/', { output, access: 'public', refuses: { UnknownUser: { status: 410, data: output } } }),
      }).operations.get,
      {},
    );
  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['two parts of one name', () => empty.part('a', count, {}).part('a' as never, count, {}), /one of that name/],
    ['a part that waits for none there is', () => empty.part('a', count, { after: ['b' as never] }), /waits for "b"/],
    [
      'an operation with effects',
      () => empty.part('a', order.operations.place, { input: () => ({ body: {} }) }),
      /has effects/,
    ],
    ['an operation of no contract', () => empty.part('a', { ...count }, {}), /of no contract/],
    ['a share of nothing', () => empty.part('a', count, { share: 0 }), /its share is 0/],
    ['a share of all for what is optional', () => empty.part('a', count, { share: 1, optional: true }), /at most 0\.9/],
    ['a limit of nothing', () => empty.part('a', count, { timeoutMs: 0 }), /`timeoutMs` is 0/],
    ['no call at once', () => empty.each('a', count, { inputs: () => [], atOnce: 0 }), /`atOnce` is 0/],
    ['leaving out what another waits for', () => parts.without('order'), /"products" waits for "order"/],
    ['refusals that differ', () => page('/p', twoRefusals, { output, access: 'public' }), /"UnknownUser"/],
    [
      'an answer that is no object',
      () => page('/p', empty, { output: z.string(), access: 'public' }),
      /must be an object/,
    ],
    [
      'an answer with `parts`',
      () => page('/p', empty, { output: z.object({ parts: z.int() }), access: 'public' }),
      /"parts"/,
    ],
    [
      'a service of what is no page',
      () => composedService(user, { getMe: () => ({}) } as never),
      /user\.getMe is no page/,
    ],
  ];
  for (const [what, make, message] of wrong)
    test(`is ${what}`, () => {
      assert.throws(make, { code: 'SERVICE_COMPOSITION_INVALID', message });
    });
});
