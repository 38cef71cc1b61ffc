import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Answer, Customer } from './customer.ts';
import { ask, customer } from './customer.ts';

let shop: TestSystem;
let kim: Customer;
let orderId: string;
before(async () => {
  shop = await startSystem(new URL('../system.ts', import.meta.url), { placement: 'each' });
  kim = await customer(shop.edge, 'kim');
  const placed = async (sku: string) => {
    const id = String((await kim.order(sku, 1, 'card')).body.orderId);
    await kim.follow(id);
    return id;
  };
  // The pages have verified a token and know the keys; of the order's product they know nothing yet.
  assert.equal((await kim.ask('GET', `/m/order-pages/${await placed('tea-citron')}`)).status, 200);
  orderId = await placed('cup-moon');
});
after(() => shop.stop());

/** Asks for a page while the processes of some services stand still. */
async function whileStopped(services: readonly string[], path: string): Promise<Answer & { readonly tookMs: number }> {
  for (const service of services) shop.kill(service, 'SIGSTOP');
  try {
    const startedMs = performance.now();
    const answer = await kim.ask('GET', path);
    return { ...answer, tookMs: performance.now() - startedMs };
  } finally {
    for (const service of services) shop.kill(service, 'SIGCONT');
    await shop.untilReady();
  }
}

const partsOf = ({ body }: Answer) => body.parts as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const namesNothingOfTheInside = ({ body }: Answer) =>
  assert.doesNotMatch(JSON.stringify({ ...body, traceId: '' }), /127\.0\.0\.1|getOrder\b|getProduct|instance/);

test('while products and users do not answer, the page is partial, says so, and keeps within its time', async () => {
  const page = await whileStopped(['product', 'user'], `/order-pages/${orderId}`);
  assert.equal(page.status, 200, JSON.stringify(page.body));
  const { order, customer: who, products } = partsOf(page);
  assert.deepEqual([order?.status, who?.status, products?.status], ['whole', 'absent', 'absent']);
  assert.deepEqual([page.body.products, page.body.customer], [[], null]);
  assert.equal(page.headers.get('dure-fallback'), 'absent');
  assert.ok(page.tookMs < 1_500, `answered after ${Math.round(page.tookMs)} ms`);
  namesNothingOfTheInside(page);
});

test('once a product was read, the page shows it as it was, and says how old it is', async () => {
  assert.equal(partsOf(await kim.ask('GET', `/order-pages/${orderId}`)).products?.status, 'whole');
  const page = await whileStopped(['product'], `/order-pages/${orderId}`);
  const { customer: who, products } = partsOf(page);
  assert.deepEqual(
    [page.status, who?.status, products?.status, products?.kind],
    [200, 'whole', 'fallback', 'last-good'],
  );
  assert.equal(typeof products?.ageS, 'number');
  assert.match(page.headers.get('dure-fallback') ?? '', /^last-good;age=\d+$/);
  const mobile = await whileStopped(['product'], `/m/order-pages/${orderId}`);
  assert.equal(partsOf(mobile).products?.status, 'fallback');
});

test('without the order there is no page: 404 when there is none, 503 or 504 while its service does not answer', async () => {
  const unknown = await kim.ask('GET', '/order-pages/01900000-0000-7000-8000-000000000001');
  assert.deepEqual(
    [unknown.status, unknown.body.refusal, unknown.body.type],
    [404, 'UnknownOrder', 'urn:dure:refusal:pages:getOrderPage:UnknownOrder'],
  );
  const page = await whileStopped(['order'], `/order-pages/${orderId}`);
  assert.ok([503, 504].includes(page.status), `status ${page.status}`);
  assert.match(String(page.body.code), /^SERVICE_PART_(TIMEOUT|UNAVAILABLE)$/);
  assert.equal(
    page.body.detail,
    `pages.getOrderPage: its part "order" ${page.status === 504 ? 'did not answer in time' : 'cannot be had at the moment'}`,
  );
  namesNothingOfTheInside(page);
  assert.ok(page.tookMs < 3_500, `answered after ${Math.round(page.tookMs)} ms`);
});

test('a product service that was killed is back in the page as soon as it has started again', async () => {
  shop.kill('product');
  const during = await kim.ask('GET', `/order-pages/${orderId}`);
  assert.equal(during.status, 200);
  assert.ok(
    ['whole', 'fallback'].includes(String(partsOf(during).products?.status)),
    JSON.stringify(during.body.parts),
  );
  await shop.untilReady();
  let status: unknown;
  for (let turn = 0; turn < 100 && status !== 'whole'; turn += 1) {
    status = partsOf(await kim.ask('GET', `/order-pages/${orderId}`)).products?.status;
    if (status !== 'whole') await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(status, 'whole');
});

test('the merged OpenAPI shows both views with the parts that each is made of', async () => {
  const { body } = await ask(`${shop.edge}/openapi.json`);
  const paths = body.paths as Readonly<
    Record<string, { readonly get: { readonly responses: Readonly<Record<string, Schemaed>> } }>
  >;
  const parts = ['/order-pages/{orderId}', '/m/order-pages/{orderId}'].map((path) => {
    const { responses } = paths[path]?.get ?? { responses: {} };
    return [Object.keys(responses), responses['200']?.content['application/json']?.schema.properties.parts?.required];
  });
  assert.deepEqual(parts, [
    [
      ['200', '404', 'default'],
      ['order', 'customer', 'products'],
    ],
    [
      ['200', '404', 'default'],
      ['order', 'products'],
    ],
  ]);
});

interface Schemaed {
  readonly content: Readonly<
    Record<
      string,
      { readonly schema: { readonly properties: Readonly<Record<string, { readonly required?: unknown }>> } }
    >
  >;
}
