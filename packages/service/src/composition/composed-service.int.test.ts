import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import type { Identity, Problem } from '@dure/core';
import { ids, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import { httpClient, httpTransport, outboundLayers } from '../client/index.ts';
import { startService } from '../server/start-service.ts';
import { mockService } from '../testing/mock-service.ts';
import type { OrderPagesAnswers } from '../testing/order-pages.ts';
import { order, orderPagesService, product, reviews, user } from '../testing/order-pages.ts';

const ann: Identity = { kind: 'user', subject: 'ann', roles: [], scopes: [] };
const clock = systemClock;

/** The pages over HTTP, with services over HTTP behind them. */
async function openPages(answers: OrderPagesAnswers = {}) {
  await using stack = new AsyncDisposableStack();
  const services = {
    order: stack.use(
      await mockService(order, { getOrder: answers.order ?? { state: 'placed', skus: ['tea', 'cup'] } }),
    ),
    user: stack.use(await mockService(user, { getMe: answers.user ?? { name: '소라' } })),
    product: stack.use(await mockService(product, { getProduct: answers.product ?? (({ params }) => params) })),
    reviews: stack.use(await mockService(reviews, { count: answers.reviews ?? { count: 7 } })),
  };
  const instances = staticInstances(
    Object.fromEntries(Object.entries(services).map(([name, { instance }]) => [name, [instance]])),
  );
  const idSource = ids(clock, systemRandom);
  const telemetry = silentTelemetry(idSource);
  const balance = balancer({ instances, clock, random: systemRandom });
  const layers = outboundLayers({ clock, random: seededRandom(1), telemetry, balancer: balance });
  const transport = httpTransport({ clock, signer: { authorize: async () => 'Bearer x' } });
  stack.defer(() => transport.close());
  const uses = Object.fromEntries(
    Object.entries(orderPagesService.uses).map(([key, contract]) => [key, httpClient(contract, layers, transport)]),
  );
  const running = await startService(orderPagesService, {
    instanceId: 'pages:1',
    host: '127.0.0.1',
    ports: { api: 0, management: 0 },
    mode: 'test',
    clock,
    random: systemRandom,
    ids: idSource,
    telemetry,
    platform: { instances, signer: { authorize: async () => '' }, verifier: { verify: async () => ann } },
    registrar: undefined,
    config: {},
    uses,
    db: undefined,
    idempotency: undefined,
    routes: [],
    health: [],
    endpoints: [],
    graceMs: 0,
  });
  stack.defer(() => running.close());
  const owned = stack.move();
  const ask = (init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${running.port}/order-pages/o`, {
      ...init,
      headers: { authorization: 'Bearer ann', ...init.headers },
    });
  return { services, ask, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('a page over the network has its parts from over the network', async () => {
  await using pages = await openPages();
  await pages.ask(); // connects
  const response = await pages.ask();
  assert.deepEqual([response.status, response.headers.get('dure-fallback')], [200, null]);
  assert.partialDeepStrictEqual(await response.json(), {
    state: 'placed',
    customer: '소라',
    reviews: 7,
    products: ['tea', 'cup'],
  });
});

test('a service that hangs costs its share of the time that the caller still waits, and the answer says so', async () => {
  await using pages = await openPages({
    user: async (_, { signal }) => {
      await wait(clock, 10_000, signal);
      return { name: 'too late' };
    },
  });
  const startedMs = performance.now();
  const response = await pages.ask({ headers: { 'dure-timeout-ms': '600' } });
  const tookMs = performance.now() - startedMs;
  const { parts } = (await response.json()) as { readonly parts: object };
  assert.partialDeepStrictEqual(parts, {
    order: { status: 'whole' },
    customer: { status: 'absent', problem: { status: 504 } },
  });
  assert.equal(response.headers.get('dure-fallback'), 'user.getMe;kind=absent');
  assert.ok(tookMs >= 150 && tookMs < 600, `answered after ${Math.round(tookMs)} ms`);
});

test('a refusal of a part that is needed is the page’s own on the wire', async () => {
  await using pages = await openPages({ order: order.refuse.getOrder.UnknownOrder({ orderId: 'o' }) });
  const response = await pages.ask();
  const { type, refusal, data } = (await response.json()) as Problem;
  assert.deepEqual(
    [response.status, type, refusal, data],
    [404, 'urn:dure:refusal:pages:getOrderPage:UnknownOrder', 'UnknownOrder', { orderId: 'o' }],
  );
});

test('a client who hangs up ends the calls for all parts', async () => {
  const ended: string[] = [];
  const both = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const hang = async (name: string, signal: AbortSignal) => {
    if (name === 'order') arrived.resolve();
    if (await wait(clock, 10_000, signal)) return;
    ended.push(name);
    if (ended.length === 2) both.resolve();
  };
  await using pages = await openPages({
    order: async (_, { signal }) => {
      await hang('order', signal);
      return { state: 'placed', skus: [] };
    },
    user: async (_, { signal }) => {
      await hang('user', signal);
      return { name: 'x' };
    },
  });
  const client = new AbortController();
  const asked = pages.ask({ signal: client.signal });
  await arrived.promise;
  await wait(clock, 30);
  client.abort();
  await assert.rejects(asked, { name: 'AbortError' });
  await both.promise;
  assert.deepEqual(ended.sort(), ['order', 'user']);
  assert.equal(pages.services.product.calls.getProduct.length, 0);
});
