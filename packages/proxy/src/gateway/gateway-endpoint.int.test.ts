import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activeDocuments, readYamlText } from '@dure/config/properties';
import { named } from '../routing/named-layer.ts';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { things } from '../testing/test-contract.ts';
import type { GatewayOptions } from './gateway-options.ts';

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await openGateway({ exposes: [things], ...options });
  const ask = (...path: readonly string[]) =>
    gateway.endpoint.handle({ method: 'GET', path, query: {}, body: undefined });
  return { gateway, ask, [Symbol.asyncDispose]: () => gateway.close() };
}

test('the routes of contracts are shown as Spring Cloud Gateway shows its own, with their policy', async () => {
  await using under = await open();
  const routes = (await under.ask('routes')).body as readonly { readonly route_id: string }[];
  const names = 'readThing listMine followThing makeThing orderThing putThing dropThing signIn'.split(' ');
  assert.deepEqual(
    routes.map((one) => one.route_id),
    names.map((name) => `things.${name}`),
  );
  assert.deepEqual((await under.ask('routes', 'things.dropThing')).body, {
    route_id: 'things.dropThing',
    uri: 'lb://things',
    order: 0,
    predicate: '(Paths: [/things/{id}], match trailing slash: false && Methods: [DELETE])',
    filters: [],
    metadata: { access: 'role admin', 'response-timeout': 5_000 },
  });
});

test('everything that a route is found by is shown, whatever it was written as', async () => {
  const written = route('books', {
    path: '/books/{isbn:[0-9]+}',
    hosts: ['books.example'],
    headers: { 'x-tenant': true },
    weight: { group: 'books', weight: 9 },
    to: { url: 'http://127.0.0.1:9' },
    access: 'public',
    layers: [named('Own', (next) => next, 'a = 1')],
  });
  const load = async () => activeDocuments('gateway.yml', await readYamlText(legacy, 'gateway.yml'), new Set());
  await using under = await open({ routes: [written], spring: { load, access: 'user' } });
  const { predicate, filters } = (await under.ask('routes', 'books')).body as Readonly<Record<string, unknown>>;
  assert.equal(
    String(predicate).replaceAll(/[()]/g, ''),
    'Paths: [/books/{isbn:[0-9]+}], match trailing slash: false && Hosts: [books.example] && Header: x-tenant regexp=null && Weight: books 9',
  );
  assert.deepEqual(filters, ['[[Own a = 1], order = 1]']);
  assert.deepEqual((await under.ask('routes', 'legacy')).body, {
    route_id: 'legacy',
    uri: 'lb://legacy',
    order: 0,
    predicate: 'Paths: [/legacy/**], match trailing slash: true',
    filters: ['[[StripPrefix parts = 1], order = 1]'],
    metadata: { access: 'user' },
  });
});

const legacy = `
spring.cloud.gateway.routes:
- { id: legacy, uri: 'lb://legacy', predicates: [Path=/legacy/**], filters: [StripPrefix=1] }
`;

test('what stands before a route is told in its order: for all routes, and for one', async () => {
  const layers = { 'things.makeThing': [named('Own', (next) => next)] };
  await using under = await open({ layers, cors: { allowedOrigins: ['https://a.example'] }, validateRequests: true });
  assert.deepEqual(Object.keys((await under.ask('globalfilters')).body as object), [
    'Cors',
    'BodyLimit',
    'Authentication',
    'SessionPositions',
    'Access public',
    'Identity',
  ]);
  assert.deepEqual((await under.ask('routes', 'things.makeThing', 'combinedfilters')).body, {
    Cors: 1,
    BodyLimit: 2,
    Authentication: 3,
    SessionPositions: 4,
    'Access user': 5,
    Own: 6,
    RequestValidation: 7,
    Identity: 8,
  });
  const filters = (await under.ask('routefilters')).body as Readonly<Record<string, unknown>>;
  const predicates = (await under.ask('routepredicates')).body as Readonly<Record<string, unknown>>;
  assert.equal(filters['[StripPrefixGatewayFilterFactory]'], null);
  assert.equal(predicates['[WeightRoutePredicateFactory]'], null);
});

test('it lists what there is to read, takes nothing but reads, and knows nothing else', async () => {
  await using under = await open();
  under.gateway.instances.set('things', [localInstance('things', 1), localInstance('things', 2)]);
  assert.deepEqual((await under.ask('instances')).body, { things: ['things:1', 'things:2'] });
  const links = (await under.ask()).body as readonly { readonly href: string }[];
  assert.deepEqual(
    links.map(({ href }) => href.replace('/actuator/gateway/', '')),
    ['routes', 'globalfilters', 'routefilters', 'routepredicates', 'instances', 'requests'],
  );
  for (const path of [['routes', 'x'], ['nothing'], ['instances', 'things'], ['routes', 'a', 'b'], ['routes', '{id}']])
    assert.equal((await under.ask(...path)).status, 404, path.join('/'));
  const refresh = { path: ['refresh'], query: {}, body: undefined };
  assert.deepEqual(await under.gateway.endpoint.handle({ ...refresh, method: 'POST' }), { status: 405, allow: 'GET' });
});
