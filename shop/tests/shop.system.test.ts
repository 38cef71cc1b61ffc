import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Customer } from './customer.ts';
import { ask, customer } from './customer.ts';
import { pause } from './decided-orders.ts';
import type { ShopModule } from './shop-module.ts';
import { shopModule, withoutBroker } from './shop-module.ts';

interface OrderPageAnswer {
  readonly order: { readonly orderId: string };
  readonly products: readonly { readonly sku: string }[];
  readonly customer: { readonly name: string };
  readonly parts: Readonly<Record<string, { readonly status: string }>>;
}

interface TraceAnswer {
  readonly tree?: readonly { readonly service: string }[];
  readonly logs?: readonly { readonly service: string; readonly message: string }[];
}

for (const placement of ['each', 'one'] as const) {
  describe(`the shop, ${placement === 'each' ? 'each service in its own process' : 'everything in one process'}`, {
    skip: withoutBroker,
  }, () => {
    let shop: TestSystem;
    let on: ShopModule;
    let kim: Customer;
    /** An order that takes a while, under way beside all others. */
    let slow: string;
    before(async () => {
      on = await shopModule();
      shop = await startSystem(on.module, { placement });
      kim = await customer(shop.edge, 'kim');
      slow = String((await kim.order('cup-moon', 1, 'slow-card')).body.orderId);
    });
    after(async () => {
      await shop.stop();
      await on[Symbol.asyncDispose]();
    });

    test('anybody can list products and see stock', async () => {
      const { status, body } = await ask(`${shop.edge}/products`);
      assert.equal(status, 200);
      assert.ok((body.products as unknown[]).length >= 10);
      const stock = await ask(`${shop.edge}/stock/tea-green`);
      assert.deepEqual([stock.status, stock.body.sku], [200, 'tea-green']);
    });

    test('an order is followed live to `confirmed`, and the stock is sold', async () => {
      const before = (await ask(`${shop.edge}/stock/tea-citron`)).body;
      const placed = await kim.order('tea-citron', 2, 'card');
      assert.deepEqual([placed.status, placed.body.state], [202, 'pending']);
      const seen = await kim.follow(String(placed.body.orderId));
      assert.equal(seen.at(-1)?.state, 'confirmed');
      const after = (await ask(`${shop.edge}/stock/tea-citron`)).body;
      assert.equal(Number(before.available) - Number(after.available), 2);
    });

    test('an order for more than there is, is rejected with the reason', async () => {
      const placed = await kim.order('drum-janggu', 1, 'card');
      const seen = await kim.follow(String(placed.body.orderId));
      assert.deepEqual([seen.at(-1)?.state, seen.at(-1)?.reason], ['rejected', 'OutOfStock']);
    });

    for (const [method, reason] of [
      ['declined-card', 'Declined'],
      ['expired-card', 'CaptureRefused'],
      ['lying-card', 'CaptureRefused'],
    ] as const) {
      test(`an order whose payment fails (${method}) is rejected, and the stock is given back`, async () => {
        const before = (await ask(`${shop.edge}/stock/fan-folding`)).body;
        const placed = await kim.order('fan-folding', 3, method);
        const seen = await kim.follow(String(placed.body.orderId));
        assert.deepEqual([seen.at(-1)?.state, seen.at(-1)?.reason], ['rejected', reason]);
        assert.deepEqual((await ask(`${shop.edge}/stock/fan-folding`)).body, before);
      });
    }

    test('what runs low is brought and put on the shelf again, and nobody leads that', async () => {
      const available = async () => Number((await ask(`${shop.edge}/stock/brush-weasel`)).body.available);
      assert.equal(await available(), 25);
      const placed = await kim.order('brush-weasel', 22, 'card');
      assert.equal((await kim.follow(String(placed.body.orderId))).at(-1)?.state, 'confirmed');
      for (let turn = 0; turn < 200 && (await available()) < 5; turn += 1) await pause(50);
      assert.equal(await available(), 53);
      await shop.verify();
    });

    test('the same Idempotency-Key places one order; with another body it is refused', async () => {
      const key = crypto.randomUUID();
      const answers = await Promise.all([1, 2, 3].map(() => kim.order('paper-hanji', 1, 'card', key)));
      assert.deepEqual(new Set(answers.map(({ body }) => body.orderId)).size, 1);
      const other = await kim.order('paper-hanji', 2, 'card', key);
      assert.deepEqual([other.status, other.body.code], [422, 'SERVICE_IDEMPOTENCY_KEY_REUSED']);
      const none = await kim.ask('POST', '/orders', {
        lines: [{ sku: 'paper-hanji', quantity: 1 }],
        payment: { method: 'card' },
        address: { recipient: 'k', street: 's', city: 'c', postcode: '1' },
      });
      assert.deepEqual([none.status, none.body.code], [400, 'SERVICE_IDEMPOTENCY_KEY_MISSING']);
    });

    test('one request answers order, products and customer together', async () => {
      const placed = await kim.order('cup-moon', 1, 'card');
      const page = await kim.ask('GET', `/order-pages/${String(placed.body.orderId)}`);
      assert.equal(page.status, 200);
      const { order, products, customer: who, parts } = page.body as unknown as OrderPageAnswer;
      assert.deepEqual(
        [order.orderId, products[0]?.sku, who.name, Object.values(parts).map(({ status }) => status)],
        [placed.body.orderId, 'cup-moon', 'kim', ['whole', 'whole', 'whole']],
      );
      const mobile = await kim.ask('GET', `/m/order-pages/${String(placed.body.orderId)}`);
      assert.deepEqual(Object.keys(mobile.body.parts as object), ['order', 'products']);
    });

    test('somebody else sees none of it', async () => {
      const lee = await customer(shop.edge, 'lee');
      const placed = await kim.order('cup-moon', 1, 'card');
      assert.equal((await lee.ask('GET', `/orders/${String(placed.body.orderId)}`)).status, 404);
      assert.deepEqual((await lee.ask('GET', '/orders')).body.orders, []);
    });

    const refusals: readonly (readonly [string, string, RequestInit, number])[] = [
      ['an unknown path', '/nowhere', {}, 404],
      ['a wrong method', '/products', { method: 'DELETE' }, 405],
      ['no token', '/orders', {}, 401],
      ['a bad token', '/orders', { headers: { authorization: 'Bearer x.y.z' } }, 401],
      [
        'a customer who is no admin',
        '/products',
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
        401,
      ],
      ['an operation that is for services only', '/payments/0193d8c0-0000-7000-8000-000000000000', {}, 404],
    ];
    for (const [name, path, init, status] of refusals) {
      test(`${name} gets ${status} as a problem`, async () => {
        const answer = await ask(shop.edge + path, init);
        assert.deepEqual(
          [answer.status, answer.body.status, answer.headers.get('content-type')],
          [status, status, 'application/problem+json'],
        );
        assert.equal(typeof answer.body.code, 'string');
      });
    }

    test('the merged OpenAPI names every exposed operation and no other', async () => {
      const { body } = await ask(`${shop.edge}/openapi.json`);
      const paths = Object.keys(body.paths as object);
      assert.equal(body.openapi, '3.1.0');
      for (const path of [
        '/users',
        '/products',
        '/stock/{sku}',
        '/orders',
        '/orders/{orderId}/events',
        '/order-pages/{orderId}',
        '/m/order-pages/{orderId}',
      ])
        assert.ok(paths.includes(path), path);
      assert.ok(!paths.includes('/payments/{orderId}'));
    });

    test('the console shows one trace of an order across all services, and its logs', async () => {
      const placed = await kim.order('tea-green', 1, 'card');
      await kim.follow(String(placed.body.orderId));
      const cookie = await signInToConsole(shop.consoleUrl);
      const traceId = placed.headers.get('dure-request-id') ?? '';
      const wanted = ['delivery', 'gateway', 'inventory', 'order', 'payment', 'product'];
      let seen: string[] = [];
      let told: string[] = [];
      for (let turn = 0; turn < 100 && (wanted.some((name) => !seen.includes(name)) || told.length < 5); turn += 1) {
        const { body } = await ask(`${shop.urls.console}/api/traces/${traceId}`, { headers: { cookie } });
        const { tree = [], logs = [] } = body as unknown as TraceAnswer;
        seen = tree.map(({ service }) => service);
        told = logs.map(({ service, message }) => `${service}: ${message}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const missing = wanted.filter((name) => !seen.includes(name));
      assert.deepEqual(missing, [], `services in the trace: ${[...new Set(seen)].join(', ')}`);
      assert.ok(
        told.some((line) => line.startsWith('payment: ')),
        `its logs: ${told.join(' | ')}`,
      );
    });

    test('an order whose payment nobody answers for is confirmed, once the provider has been asked', async () => {
      const seen = await kim.follow(slow);
      assert.equal(seen.at(-1)?.state, 'confirmed', JSON.stringify(seen.at(-1)));
    });

    test('every invariant holds', async () => {
      const verdicts = await shop.verify();
      assert.ok(verdicts.length >= 2);
    });

    test('it stops within two seconds, and neither a process nor a port of it is left', async () => {
      const { components, urls } = await shop.status();
      const pids = components.map(({ pid }) => pid ?? 0);
      const { console: consoleUrl, ...others } = urls;
      const ports = new Set([
        ...[consoleUrl, ...Object.values(others)].map((url) => Number(new URL(url).port)),
        ...components.flatMap(({ services }) => services.flatMap(({ port, managementPort }) => [port, managementPort])),
        Number(new URL(shop.databaseUrls.order ?? '').port),
      ]);
      assert.ok(pids.length > 1 && pids.every(runs), `processes ${pids.join(', ')}`);
      assert.ok(ports.size > 15, `ports ${[...ports].join(', ')}`);
      for (const port of ports) assert.equal(await isOpen(port), true, `port ${port} before the stop`);
      const from = performance.now();
      await shop.stop();
      const tookMs = performance.now() - from;
      assert.deepEqual(pids.filter(runs), [], 'processes that are left');
      for (const port of ports) assert.equal(await isOpen(port), false, `port ${port} after the stop`);
      assert.ok(tookMs <= 2_000, `stopped in ${Math.round(tookMs)} ms`);
    });
  });
}

async function signInToConsole(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
