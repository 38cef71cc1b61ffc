import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddressRange } from '../routing/address-range.ts';
import { parseHostPattern } from '../routing/host-pattern.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { springApplication } from '../testing/spring-application.ts';
import { rule } from '../testing/test-rules.ts';
import { actuatorFilters, actuatorRoute, actuatorRouteFilters, actuatorRoutePredicates } from './actuator-views.ts';
import { springRoutes } from './spring-routes.ts';

test('routes are shown as Spring’s actuator shows them', async () => {
  const { rules } = await springRoutes(springApplication, 'application.yml', { access: 'public' });
  const orders = rules.find(({ id }) => id === 'orders') ?? assert.fail('there is no route "orders"');
  assert.deepEqual(actuatorRoute(orders), {
    route_id: 'orders',
    uri: 'lb://orders',
    order: 10,
    predicate: '(Paths: [/api/orders/**], match trailing slash: true && Header: X-Tenant regexp=[a-z]{2,8})',
    filters: [
      "[[SecureHeaders X-Frame-Options = 'SAMEORIGIN', X-Download-Options = false], order = 1]",
      '[[StripPrefix parts = 1], order = 1]',
      "[[AddResponseHeader X-Gateway = 'dure', override = true], order = 2]",
      "[[CircuitBreaker name = 'orders', fallback = 'forward:/fallback/orders'], order = 2]",
      "[[DedupeResponseHeader Access-Control-Allow-Origin Access-Control-Allow-Credentials = 'RETAIN_UNIQUE'], order = 3]",
      "[[RewritePath /orders/(?<rest>.*) = '/v1/orders/$\\{rest}'], order = 3]",
    ],
    metadata: { access: 'user', 'response-timeout': 2_000, 'connect-timeout': 500, owner: 'team-a' },
  });
});

test('routes that were not written for Spring are shown in the same form', () => {
  const route = rule('a', '/a/:id', {
    methods: ['GET'],
    hosts: [parseHostPattern('a.example')],
    headers: [{ name: 'X-A' }],
    queries: [{ name: 'q', equals: '1' }],
    cookies: [{ name: 'c', matches: /x+/ }],
    remoteAddresses: [parseAddressRange('10.0.0.0/8')],
    after: 0,
    before: 1_000,
    weight: { group: 'g', weight: 1 },
  });
  const layer: NamedLayer = { name: 'A', text: 'A b = 1', layer: (next) => next };
  const shown = actuatorRoute({ ...route, layers: [layer] });
  assert.deepEqual([shown.uri, shown.filters, shown.metadata], ['lb://a', ['[[A b = 1], order = 1]'], undefined]);
  assert.equal(
    shown.predicate.replaceAll(/[()]/g, ''),
    'Paths: [/a/{id}], match trailing slash: false && Hosts: [a.example] && Methods: [GET] && Header: X-A regexp=null && Query: param=q regexp=1 && Cookie: name=c regexp=x+ && RemoteAddrs: [10.0.0.0/8] && After: 1970-01-01T00:00:00.000Z && Before: 1970-01-01T00:00:01.000Z && Weight: g 1',
  );
  assert.equal(actuatorRoute({ ...route, to: { kind: 'url', url: 'http://a' } }).uri, 'http://a');
  assert.equal(actuatorRoute({ ...route, to: { kind: 'none' }, match: {} }).uri, 'no://op');
  assert.equal(actuatorRoute({ ...route, match: {} }).predicate, 'Always');
});

test('the kinds of filters and predicates are listed by the names of their factories', () => {
  assert.equal(actuatorRouteFilters()['[StripPrefixGatewayFilterFactory]'], null);
  assert.equal(actuatorRoutePredicates()['[PathRoutePredicateFactory]'], null);
  assert.deepEqual(actuatorFilters(['Authentication', 'Access user']), { Authentication: 1, 'Access user': 2 });
});
