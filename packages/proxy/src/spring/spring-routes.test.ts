import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { routeTable } from '../routing/route-table.ts';
import { passLayers } from '../testing/pass-layers.ts';
import { routeWith, springApplication } from '../testing/spring-application.ts';
import type { SpringRoutesOptions } from './spring-routes.ts';
import { environmentSources, springRoutes, springRoutesOf } from './spring-routes.ts';
import type { SpringRule } from './spring-rule.ts';

async function lifted(yaml = springApplication, options: SpringRoutesOptions = { access: 'public' }) {
  const { rules, ...rest } = await springRoutes(yaml, 'application.yml', options);
  const byId = (id: string) => rules.find((rule) => rule.id === id) ?? assert.fail(`there is no route "${id}"`);
  return { rules, byId, ...rest };
}

test('a whole application.yml is lifted over, in the order in which it is written', async () => {
  const { rules, byId, defaultCors } = await lifted();
  assert.deepEqual(
    rules.map(({ id }) => id).join(' '),
    'orders products search images checkout-blue checkout-green tenant beta sale backoffice uploads legacy moved teapot legacy-text partner',
  );
  const { to, order, access, timeoutMs, connectTimeoutMs, metadata, source } = byId('orders');
  assert.deepEqual(
    { to, order, access, timeoutMs, connectTimeoutMs, source },
    {
      to: { kind: 'service', service: 'orders' },
      order: 10,
      access: 'user',
      timeoutMs: 2_000,
      connectTimeoutMs: 500,
      source: 'application.yml:33:19',
    },
  );
  assert.equal(metadata.owner, 'team-a');
  assert.deepEqual(
    [...defaultCors],
    [
      [
        '/**',
        {
          allowedOrigins: ['https://shop.example'],
          allowedMethods: ['GET', 'POST'],
          allowCredentials: true,
          maxAge: 3600,
        },
      ],
    ],
  );
});

test('its targets, policies and timeouts are those of Spring', async () => {
  const { byId } = await lifted();
  assert.deepEqual(byId('images').to, { kind: 'url', url: 'http://127.0.0.1:9000' });
  assert.deepEqual(byId('search').to, { kind: 'service', service: 'search' });
  assert.deepEqual(byId('moved').to, { kind: 'none' });
  assert.deepEqual(byId('legacy-text').to, { kind: 'url', url: 'http://127.0.0.1:9091' });
  assert.deepEqual(byId('partner').to, { kind: 'url', url: 'http://partner.example' });
  assert.deepEqual(
    [byId('legacy').to, byId('legacy').timeoutMs],
    [{ kind: 'url', url: 'http://127.0.0.1:9090' }, 2_500],
  );
  assert.deepEqual([byId('products').timeoutMs, byId('products').connectTimeoutMs], [5_000, 800]);
  assert.deepEqual(byId('backoffice').access, { role: 'clerk' });
  assert.deepEqual(byId('legacy').access, { userScope: 'legacy:use' });
  assert.deepEqual(byId('backoffice').cors, {
    allowedOrigins: ['https://office.example'],
    allowedMethods: ['GET', 'PUT'],
  });
});

test('what is the engine’s business becomes settings of a route', async () => {
  const { byId } = await lifted();
  assert.deepEqual(byId('orders').resilience, {
    circuitBreaker: {
      name: 'orders',
      fallbackPath: '/fallback/orders',
      statusCodes: [500, 502],
      resumeWithoutError: false,
    },
  });
  assert.deepEqual(byId('products').resilience, {
    retry: {
      retries: 2,
      statuses: [
        [500, 599],
        [502, 502],
        [503, 503],
      ],
      methods: ['GET', 'HEAD'],
      failures: ['connection', 'timeout'],
      backoff: { firstMs: 10, maxMs: 50, factor: 3, basedOnPreviousValue: true },
    },
  });
  assert.deepEqual(byId('products').cache, { timeToLiveMs: 1_800_000, maxBytes: 50 * 2 ** 20 });
  assert.deepEqual(byId('search').rateLimit, {
    replenishRate: 10,
    burstCapacity: 20,
    requestedTokens: 1,
    keyResolver: 'address',
    denyEmptyKey: true,
    emptyKeyStatus: 403,
    statusCode: 429,
    includeHeaders: true,
  });
});

test('default filters stand between those of a route, each at its place', async () => {
  const { byId } = await lifted();
  const names = (rule: SpringRule) => rule.display.filters.map(({ text, order }) => `${text.split(' ')[0]} ${order}`);
  assert.deepEqual(names(byId('orders')), [
    'SecureHeaders 1',
    'StripPrefix 1',
    'AddResponseHeader 2',
    'CircuitBreaker 2',
    'DedupeResponseHeader 3',
    'RewritePath 3',
  ]);
  assert.equal(names(byId('uploads'))[0], 'RemoveJsonAttributesResponseBody -2');
  assert.equal(names(byId('partner')).at(-1), 'SetRequestUri 10001');
});

test('its layers do to requests and answers what Spring’s filters do', async () => {
  const { byId } = await lifted();
  const pass = (id: string, target: string, fields: readonly string[] = [], variables = {}) =>
    passLayers(byId(id).layers, { target, fields, variables, answer: { fields: ['Server', 'x'] } });
  assert.equal(pass('orders', '/api/orders/7').forwarded?.path, '/v1/orders/7');
  assert.equal(pass('products', '/products/A-1', [], { sku: 'A-1' }).forwarded?.path, '/items/A-1');
  assert.equal(pass('search', '/search?q=a&debug=1').forwarded?.query, '?q=a');
  const images = pass('images', '/images/a.png');
  assert.equal(images.forwarded?.sentHost, 'shop.test:8080');
  assert.ok(!images.fields.includes('Server: x') && images.fields.includes('X-Frame-Options: SAMEORIGIN'));
  assert.ok(!images.fields.some((field) => field.startsWith('X-Download-Options')));
  assert.equal(pass('sale', '/sale/1').forwarded?.query, '?campaign=black-friday');
  assert.equal(pass('backoffice', '/office/1', ['Cookie', 'a=1']).forwarded?.cookie, undefined);
  assert.equal(
    pass('legacy', '/legacy/1', ['X-Token', 't']).forwarded?.fields,
    'X-Token: t\r\nX-Legacy-Token: t\r\nX-Source: edge\r\nX-Version: 1\r\n',
  );
  assert.deepEqual(pass('moved', '/old/1?a=1').fields.at(0), 'location: https://shop.example/new?a=1');
  assert.equal(pass('teapot', '/coffee').status, 418);
  assert.equal(pass('partner', '/partner/1?campaign=x').forwarded?.path, '/gate');
});

test('its routes are found as Spring finds them', async () => {
  const { rules } = await lifted();
  const table = routeTable(rules);
  const found = (target: string, more = {}) => {
    const [path = '', query = ''] = target.split(/(?=\?)/);
    return table.find({ method: 'GET', path, query, host: 'shop.test', nowMs: Date.UTC(2026, 10, 28), ...more })?.rule
      .id;
  };
  assert.equal(found('/api/orders/1'), undefined);
  assert.equal(found('/api/orders/1', { header: () => ['acme'] }), 'orders');
  assert.equal(found('/api/orders/1', { header: () => ['ACME'] }), undefined);
  assert.equal(found('/products/A-1/'), 'products');
  assert.equal(found('/products/A-1', { method: 'POST' }), undefined);
  assert.equal(found('/search?q=x'), 'search');
  assert.equal(found('/search?q='), undefined);
  assert.equal(found('/account/1', { cookie: 'beta=YES' }), 'beta');
  assert.equal(found('/account/1', { cookie: 'beta=no' }), undefined);
  assert.equal(found('/sale/1'), 'sale');
  assert.equal(found('/sale/1', { nowMs: Date.UTC(2026, 10, 30) }), undefined);
  assert.equal(found('/office/1', { address: '10.1.2.3' }), 'backoffice');
  assert.equal(found('/office/1', { address: '11.1.2.3' }), undefined);
  assert.equal(found('/tenant/1', { host: 'acme.shop.example' }), 'tenant');
  assert.equal(found('/checkout/1', { draw: 0.5 })?.startsWith('checkout-'), true);
});

test('the properties of a config server give the same routes, under both prefixes', async () => {
  for (const prefix of ['spring.cloud.gateway.server.webflux', 'spring.cloud.gateway']) {
    const source = {
      [`${prefix}.routes[0].id`]: 'orders',
      [`${prefix}.routes[0].uri`]: { value: 'lb://orders', origin: 'edge.yml:3:9' },
      [`${prefix}.routes[0].predicates[0]`]: 'Path=/orders/**',
      [`${prefix}.routes[0].filters[0].name`]: 'RewritePath',
      [`${prefix}.routes[0].filters[0].args.regexp`]: '/orders/?(?<rest>.*)',
      [`${prefix}.routes[0].filters[0].args.replacement`]: `/\\\${rest}`,
      [`${prefix}.routes[0].metadata.access`]: 'user',
      [`${prefix}.routes[0].filters[10]`]: 'AddResponseHeader=X-O, last',
      [`${prefix}.routes[0].filters[9]`]: 'AddResponseHeader=X-O, first',
      [`${prefix}.defaultFilters[0]`]: 'AddResponseHeader=X-A, b',
    };
    const lower = { [`${prefix}.routes[0].id`]: 'shadowed', [`${prefix}.routes[1].id`]: 'gone' };
    const environment = {
      name: 'edge',
      propertySources: [
        { name: 'file:edge.yml', source },
        { name: 'low', source: lower },
      ],
    };
    const { rules } = springRoutesOf(environmentSources(environment));
    assert.deepEqual(
      rules.map(({ id }) => id),
      ['orders'],
    );
    const passed = passLayers(rules[0]?.layers ?? [], { target: '/orders/7', answer: { fields: [] } });
    assert.equal(passed.forwarded?.path, '/7');
    assert.deepEqual(passed.fields, ['X-O: last', 'X-O: first', 'X-A: b']);
  }
  const broken = environmentSources({
    propertySources: [{ name: 'low', source: { 'spring.cloud.gateway.routes[0].id': 'a' } }],
  });
  assert.throws(
    () => springRoutesOf(broken, { access: 'public' }),
    (error: Error) =>
      error.message.includes('low spring.cloud.gateway.routes[0].id') && codeOf(error) === 'GATEWAY_ROUTE_INVALID',
  );
  assert.deepEqual(environmentSources('nonsense'), []);
});

test('documents of other profiles do not count, and a list is taken whole from the last that has it', async () => {
  const yaml = `${routeWith('[]')}---\nspring.config.activate.on-profile: dev\nspring.cloud.gateway.server.webflux.routes:\n  - { id: dev, uri: lb://dev, predicates: [ Path=/dev ] }\n`;
  assert.deepEqual(
    (await lifted(yaml)).rules.map(({ id }) => id),
    ['one'],
  );
  assert.deepEqual(
    (await lifted(yaml, { access: 'public', profiles: ['dev'] })).rules.map(({ id }) => id),
    ['dev'],
  );
});

test('a gateway that is switched off has no routes, and what does nothing is told', async () => {
  const off = await lifted(
    routeWith('[]', undefined, '  enabled: false\n  metrics.enabled: true\n  httpclient.pool.type: elastic\n'),
  );
  assert.deepEqual([off.rules, off.notes.length], [[], 2]);
});

test('addresses of WebSockets and of TLS are those of the requests that they begin with', async () => {
  for (const [uri, url] of [
    ['https://one.example', 'https://one.example'],
    ['wss://one.example:8443/x', 'https://one.example:8443'],
    ['ws://one.example', 'http://one.example'],
  ] as const) {
    const { rules } = await lifted(routeWith('[]').replace('lb://one', uri));
    assert.deepEqual(rules[0]?.to, { kind: 'url', url });
  }
});
