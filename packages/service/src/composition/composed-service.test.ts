import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { DureError, formatFallbacks, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { serviceErrors } from '../errors.ts';
import { order, product, reviews, standIns, startOrderPages } from '../testing/order-pages.ts';

const down = serviceErrors.NO_INSTANCE('no instance of "product" at 10.0.0.7 is up', {
  details: { retryAfterMs: 3_000 },
});

describe('a page', () => {
  test('is made of its parts, and says of each that it is whole', async () => {
    const { ask } = startOrderPages();
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
    const { ask, clients } = startOrderPages();
    const whole = { status: 'whole' };
    assert.deepEqual(await ask('getSmallOrderPage', testCall()), {
      state: 'placed',
      count: 2,
      parts: { order: whole, products: whole },
    });
    assert.equal(clients.user.getMe.calls.length + clients.reviews.count.calls.length, 0);
  });

  test('names the parts that are absent, in its answer and beside it', async () => {
    const { ask, telemetry } = startOrderPages({
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
    const { ask } = startOrderPages({
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
    const { ask, clients } = startOrderPages({ order: order.refuse.getOrder.UnknownOrder({ orderId: 'o' }) });
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
    const { ask } = startOrderPages({ reviews: reviews.refuse.count.Closed({}) });
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
      const { ask, telemetry } = startOrderPages({ order: failure });
      await assert.rejects(ask('getOrderPage', testCall()), (error: DureError) => {
        assert.doesNotMatch(error.message, /10\.0\.0\.7|getOrder\b/);
        assert.match(error.message, /^pages\.getOrderPage: its part "order" /);
        assert.deepEqual([error.code, error.kind, error.cause === failure], [code, kind, true]);
        return true;
      });
      assert.deepEqual(
        telemetry.logs.map(({ message }) => message),
        ['pages.getOrderPage cannot do without its part "order"'],
      );
    });
  }

  test('does without an optional part whose input cannot be made, as a defect that is logged', async () => {
    const { ask, telemetry } = startOrderPages({ order: { state: 'placed', skus: ['explode'] } });
    const { products, parts } = (await ask('getOrderPage', testCall())) as {
      readonly products: unknown;
      readonly parts: Readonly<Record<string, { readonly status: string }>>;
    };
    assert.deepEqual([products, parts.products?.status], [[], 'absent']);
    assert.deepEqual(
      telemetry.logs.map(({ message }) => message),
      ['pages.getOrderPage does without its part "products"'],
    );
  });

  test('hands on how long to wait', async () => {
    const { ask } = startOrderPages({ order: down });
    await assert.rejects(ask('getOrderPage', testCall()), { details: { part: 'order', retryAfterMs: 3_000 } });
  });

  test('waits for an optional part for its share of the time, and for a part with a fallback for its own limit', async () => {
    const hanging = ({ signal }: Call) => wait(clock, 60_000, signal).then(() => Promise.reject(signal.reason));
    const { clock, ask } = startOrderPages({ user: (_, call) => hanging(call), reviews: (_, call) => hanging(call) });
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
    const { clock, ask } = startOrderPages({
      user: (_, call) => {
        deadlines.push(call.deadline - clock.now());
        return { name: 'x' };
      },
    });
    await ask('getOrderPage', testCall({ deadline: clock.now() + 500 }));
    assert.deepEqual(deadlines.map(Math.round), [Math.round(500 * 0.95 * 0.3 * 0.95)]);
  });

  test('fails in time when a part that it needs hangs', async () => {
    const { clock, ask } = startOrderPages({
      order: (_, { signal }) => wait(clock, 60_000, signal).then(() => Promise.reject(signal.reason)),
    });
    const late = assert.rejects(ask('getOrderPage', testCall()), { code: 'SERVICE_PART_TIMEOUT' });
    await clock.advance(951);
    await late;
  });

  test('cancels the other parts when one fails that it needs', async () => {
    const cancelled: number[] = [];
    const { clock, ask } = startOrderPages({
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
    const { clock, clients, ask } = startOrderPages({
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
    const before = standIns.count;
    const hanging = ({ signal }: Call) => wait(clock, 90, signal).then(() => Promise.reject(signal.reason));
    const { clock, ask, telemetry } = startOrderPages({
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
    assert.deepEqual([standIns.count - before, telemetry.logs], [0, []]);
  });

  test('whose caller leaves between several calls of a part makes no more of them', async () => {
    const { clock, clients, ask } = startOrderPages({
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
    const { clock, clients, ask } = startOrderPages({
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
    const { telemetry, ask } = startOrderPages();
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
