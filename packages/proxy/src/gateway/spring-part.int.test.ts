import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { activeDocuments, readYamlText } from '@dure/config/properties';
import { codeOf } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { openGateway } from '../testing/open-gateway.ts';

/** A server that answers with its method and URL, `/flaky` well at the third time only, `/broken` never. */
async function plainServer() {
  const asked = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const { method, url = '' } = request;
    await request.toArray();
    const count = (asked.get(url) ?? 0) + 1;
    asked.set(url, count);
    if (url === '/broken') response.statusCode = 500;
    if (url === '/flaky' && count < 3) response.statusCode = 503;
    response.end(`${method} ${url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: (url: string) => asked.get(url) ?? 0,
    [Symbol.dispose]: () => void server.close().closeAllConnections(),
  };
}

const yaml = (uri: string, routes: string) => `
spring.cloud.gateway.server.webflux:
  default-filters:
    - AddResponseHeader=X-Gateway, dure
  routes:
${routes.replaceAll('URI', uri).replace(/^/gm, '    ')}`;

const routes = `
- id: orders
  uri: URI
  predicates: [Path=/api/orders/**]
  filters: [StripPrefix=1]
  metadata: { cors: { allowedOrigins: "https://shop.test" } }
- id: limited
  uri: URI
  predicates: [Path=/limited]
  filters:
    - name: RequestRateLimiter
      args: { key-resolver: "#{@ipKeyResolver}", redis-rate-limiter.replenishRate: 1, redis-rate-limiter.burstCapacity: 2 }
- id: flaky
  uri: URI
  predicates: [Path=/flaky]
  filters:
    - name: Retry
      args: { retries: 3, statuses: SERVICE_UNAVAILABLE }
- id: broken
  uri: URI
  predicates: [Path=/broken]
  filters:
    - name: CircuitBreaker
      args: { name: broken, fallbackUri: "forward:/fallback?of=broken", statusCodes: "500" }
- id: fallback
  uri: URI
  predicates: [Path=/fallback]
`;

async function openSpring(text: () => string, clock = fakeClock()) {
  const load = async () => activeDocuments('gateway.yml', await readYamlText(text(), 'gateway.yml'), new Set());
  const keyResolvers = { ipKeyResolver: 'address' } as const;
  const gateway = await openGateway({ exposes: [], spring: { load, access: 'public', keyResolvers } }, { clock });
  return {
    gateway,
    clock,
    ask: async (path: string, init?: RequestInit) => {
      const answer = await fetch(gateway.origin + path, init);
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

test('a configuration of Spring Cloud Gateway is lifted over: paths, default filters, limits, retries and fallbacks', async () => {
  using server = await plainServer();
  await using spring = await openSpring(() => yaml(server.uri, routes));
  const orders = await spring.ask('/api/orders/7?a=1');
  assert.deepEqual([orders.status, orders.text, orders.headers.get('x-gateway')], [200, 'GET /orders/7?a=1', 'dure']);
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await spring.ask('/limited')).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.deepEqual([(await spring.ask('/flaky')).text, server.asked('/flaky')], ['GET /flaky', 3]);
  const fallback = await spring.ask('/broken');
  assert.deepEqual([fallback.status, fallback.text], [200, 'GET /fallback?of=broken']);
  const posted = await spring.ask('/broken', {
    method: 'POST',
    body: 'x'.repeat(1_000),
    signal: AbortSignal.timeout(5_000),
  });
  assert.deepEqual(
    [posted.status, posted.text],
    [200, 'POST /fallback?of=broken'],
    'the body went to the first service',
  );
});

test('a breaker that has seen enough failures asks the service no more, and its fallback answers', async () => {
  using server = await plainServer();
  await using spring = await openSpring(() => yaml(server.uri, routes));
  for (let count = 0; count < 30; count += 1) assert.equal((await spring.ask('/broken')).status, 200);
  const before = server.asked('/broken');
  assert.equal((await spring.ask('/broken')).status, 200);
  assert.equal(server.asked('/broken'), before);
});

test('pages of the origin that a route names may ask, and others may not', async () => {
  using server = await plainServer();
  await using spring = await openSpring(() => yaml(server.uri, routes));
  const preflight = (origin: string, path: string) =>
    spring.ask(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } });
  const allowed = await preflight('https://shop.test', '/api/orders/7');
  assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [204, 'https://shop.test']);
  assert.equal((await preflight('https://evil.test', '/api/orders/7')).status, 403);
  const without = await preflight('https://shop.test', '/limited');
  assert.equal(without.headers.get('access-control-allow-origin'), null);
});

test('a change takes effect while requests go on; one that cannot be used is refused with its place and changes nothing', async () => {
  using server = await plainServer();
  let text = yaml(server.uri, '- { id: one, uri: URI, predicates: [Path=/one] }');
  await using spring = await openSpring(() => text);
  assert.equal((await spring.ask('/one')).status, 200);
  text = yaml(server.uri, '- { id: two, uri: URI, predicates: [Path=/two] }');
  await spring.clock.advance(5_000);
  await setImmediate();
  assert.deepEqual([(await spring.ask('/one')).status, (await spring.ask('/two')).status], [404, 200]);
  text = yaml(server.uri, '- { id: two, uri: URI, predicates: [Paht=/two] }');
  await spring.clock.advance(5_000);
  await setImmediate();
  assert.equal((await spring.ask('/two')).status, 200);
  const told = JSON.stringify(
    spring.gateway.telemetry.logs.map(({ message, fields }) => [message, String(fields?.error)]),
  );
  assert.match(told, /stay as they were/);
});

test('a gateway whose configuration has a route that cannot be used does not start', async () => {
  await assert.rejects(
    openSpring(() => yaml('http://127.0.0.1:9', '- { id: two, uri: URI, predicates: [Paht=/two] }')),
    (error) => {
      assert.equal(codeOf(error), 'GATEWAY_ROUTE_INVALID');
      assert.match((error as Error).message, /gateway\.yml:\d+:\d+.*Paht.*Path/s);
      return true;
    },
  );
});
