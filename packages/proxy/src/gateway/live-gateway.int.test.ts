import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { activeDocuments, readYamlText } from '@dure/config/properties';
import { codeOf, messageOf } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { contract, get } from '@dure/service/contract';
import { testConfig } from '@dure/service/testing';
import { z } from 'zod';
import { rateLimited } from '../protection/rate-limited.ts';
import { named } from '../routing/named-layer.ts';
import { route } from '../routing/route.ts';
import { localInstance, openProxy } from '../testing/open-proxy.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { gatewayService } from './gateway-service.ts';

const output = z.looseObject({});
const stock = contract('stock', {
  search: get('/search', { output, access: 'public', rateLimit: { quota: 2, windowSeconds: 60 } }),
  other: get('/other', { output, access: 'public', rateLimit: { quota: 2, windowSeconds: 60 } }),
});

/** Answers each request with its URL; `/slow` when the test says so. */
async function upstreamServer() {
  const held: (() => void)[] = [];
  const server = createServer((request, response) => {
    const answer = () =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ url: request.url }));
    if (request.url === '/slow') held.push(answer);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, held, [Symbol.dispose]: () => void server.close().closeAllConnections() };
}

/** A gateway whose configuration the test edits: `limits` by `dure.gateway.rate-limits`, `yaml` as Spring writes routes. */
async function openLive(options: GatewayOptions, limits: object = {}, yaml = '') {
  const upstream = await upstreamServer();
  const definition = gatewayService(options);
  const values = async (nextLimits: object, text: string) => ({
    'dure.gateway.rate-limits': nextLimits,
    'spring.cloud.gateway': activeDocuments(
      'gateway.yml',
      await readYamlText(text.replaceAll('URI', `http://127.0.0.1:${upstream.port}`), 'gateway.yml'),
      new Set(),
    ),
  });
  const config = testConfig(definition, await values(limits, yaml));
  const gateway = await openProxy(definition, { config, clock: fakeClock() });
  gateway.instances.set('stock', [localInstance('stock', upstream.port)]);
  return {
    gateway,
    upstream,
    change: async (nextLimits: object, text = yaml) => config.change(await values(nextLimits, text)),
    async ask(path: string, user = 'ann') {
      const answer = await fetch(gateway.origin + path, { headers: { authorization: `Bearer ${user}` } });
      await answer.bytes();
      return [
        answer.status,
        answer.headers.get('ratelimit'),
        answer.headers.get('ratelimit-policy')?.replace(/;pk.*/, ''),
      ];
    },
    async [Symbol.asyncDispose]() {
      upstream[Symbol.dispose]();
      await gateway.close();
    },
  };
}

test('a rate limit changes while it counts and begins anew, and other limits are not touched', async () => {
  await using live = await openLive({ exposes: [stock] });
  const policy = (name: string, quota: number) => `"stock.${name}";q=${quota};w=60;qu="requests"`;
  for (const path of ['/search', '/search', '/other', '/other']) assert.equal((await live.ask(path))[0], 200);
  assert.deepEqual(await live.ask('/search'), [429, '"stock.search";r=0;t=30', policy('search', 2)]);
  await live.change({ stock: { search: { quota: 6 } } });
  assert.deepEqual(await live.ask('/search'), [200, '"stock.search";r=5;t=10', policy('search', 6)]);
  assert.equal((await live.ask('/other'))[0], 429);
  await live.change({});
  assert.equal((await live.ask('/search', 'bob'))[2], policy('search', 2));
});

test('a limit of `gateway.ts` changes by its name, with what it saves up, and a name of no limit is told', async () => {
  const options: GatewayOptions = {
    exposes: [],
    routes: ({ rateLimits: store, telemetry }) => [
      route('old', {
        path: '/old/**',
        to: { service: 'stock' },
        access: 'public',
        layers: [
          named(
            'Limit',
            rateLimited({ store, telemetry, policies: [{ name: 'peruser', quota: 1, windowSeconds: 1, by: 'user' }] }),
          ),
        ],
      }),
    ],
  };
  await using live = await openLive(options, { 'per-user': { burst: 3 } });
  const statuses = [];
  for (let turn = 0; turn < 4; turn += 1) statuses.push((await live.ask('/old/x'))[0]);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  assert.equal(live.gateway.telemetry.logs.length, 0);
  await live.change({ perusr: { burst: 3 } });
  assert.match(
    live.gateway.telemetry.logs.at(-1)?.message ?? '',
    /no route has the rate limit "perusr".*there are peruser/,
  );
});

test('a rate limit that cannot be is refused', async () => {
  await using live = await openLive({ exposes: [stock] });
  await assert.rejects(live.change({ stock: { search: { quota: 0, speed: 1 } } }), (error) => {
    assert.match(messageOf(error), /rate-limits\.stock\.search\.quota: must be a whole number.*speed: unknown/);
    return true;
  });
});

const routes = (path: string, more = '') => `
spring.cloud.gateway.server.webflux.routes:
- { id: one, uri: "URI", predicates: [Path=${path}], metadata: { access: public } }
- { id: slow, uri: "URI", predicates: [Path=/slow], metadata: { access: public } }
${more}`;

test('routes of the configuration are swapped at once: a request under way ends, the next one finds the new', async () => {
  await using live = await openLive({ exposes: [stock], spring: {} }, {}, routes('/one'));
  const slow = live.ask('/slow');
  while (live.upstream.held.length === 0) await live.ask('/one');
  await live.change({}, routes('/two').replace('/slow', '/gone'));
  assert.deepEqual(
    [(await live.ask('/one'))[0], (await live.ask('/two'))[0], (await live.ask('/slow'))[0]],
    [404, 200, 404],
  );
  live.upstream.held[0]?.();
  assert.equal((await slow)[0], 200);
});

test('a set with a broken route is refused as a whole with its place, also when it only conflicts with others', async () => {
  await using live = await openLive({ exposes: [stock], spring: {} }, {}, routes('/one'));
  const refusals = [
    [
      routes('/two', '- { id: three, uri: "URI", predicates: [Paht=/three], metadata: { access: public } }'),
      'GATEWAY_ROUTE_INVALID',
    ],
    [
      routes('/two', '- { id: stock.search, uri: "URI", predicates: [Path=/three], metadata: { access: public } }'),
      'GATEWAY_ROUTE_CONFLICT',
    ],
    [
      routes(
        '/two',
        '- { id: four, uri: "URI", predicates: [Path=/four], metadata: { access: public }, filters: [ { name: RequestRateLimiter, args: { redis-rate-limiter.replenishRate: 0 } } ] }',
      ),
      'GATEWAY_ROUTE_INVALID',
    ],
  ] as const;
  for (const [text, code] of refusals) {
    await assert.rejects(live.change({ stock: { search: { quota: 9 } } }, text), (error) => {
      assert.equal(codeOf(error), code);
      assert.match(messageOf(error), /gateway\.yml:5/);
      return true;
    });
    assert.deepEqual([(await live.ask('/one'))[0], (await live.ask('/two'))[0]], [200, 404]);
    assert.match(String((await live.ask('/search'))[2]), /q=2/, 'the limit in the same change too');
  }
});
