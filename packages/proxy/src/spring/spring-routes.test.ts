import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, isDureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { passLayers } from '../testing/pass-layers.ts';
import { springApplication } from '../testing/spring-application.ts';
import { routeTable } from '../routing/route-table.ts';
import { actuatorRoute } from './actuator-views.ts';
import type { SpringRule } from './spring-rule.ts';
import type { SpringRoutesOptions } from './spring-routes.ts';
import { environmentSources, springRoutes, springRoutesOf } from './spring-routes.ts';

const application = springApplication.replace('/gate/{nothing}', '/gate');

async function lifted(yaml = application, options: SpringRoutesOptions = { access: 'public' }) {
  const { rules, ...rest } = await springRoutes(yaml, 'application.yml', options);
  const byId = (id: string) => rules.find((rule) => rule.id === id) ?? assert.fail(`there is no route "${id}"`);
  return { rules, byId, ...rest };
}

/** What is wrong with a configuration, a line each. */
async function faults(yaml: string, options: SpringRoutesOptions = { access: 'public' }): Promise<readonly string[]> {
  try {
    await springRoutes(yaml, 'application.yml', options);
  } catch (error) {
    if (!isDureError(error) || error.code !== gatewayErrors.ROUTE_INVALID.code) throw error;
    return error.message.split('\n');
  }
  return [];
}

/** One route with one filter or predicate. */
function routeWith(filters: string, predicates = '[ "Path=/a/{id}" ]', more = ''): string {
  return `spring.cloud.gateway.server.webflux:\n  routes:\n    - id: one\n      uri: lb://one\n      predicates: ${predicates}\n      filters: ${filters}\n${more}`;
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
  assert.deepEqual(byId('partner').to, { kind: 'url', url: 'https://partner.example' });
  assert.deepEqual(
    [byId('legacy').to, byId('legacy').timeoutMs],
    [{ kind: 'url', url: 'http://127.0.0.1:9090' }, 2_500],
  );
  assert.deepEqual([byId('products').timeoutMs, byId('products').connectTimeoutMs], [5_000, 800]);
  assert.deepEqual(byId('backoffice').access, { role: 'clerk' });
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
      [`${prefix}.routes[0].filters[0].args.replacement`]: '/${rest}'.replace('$', '\\$'),
      [`${prefix}.routes[0].metadata.access`]: 'user',
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
    assert.equal(passLayers(rules[0]?.layers ?? [], { target: '/orders/7' }).forwarded?.path, '/7');
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

test('everything that is wrong is said at once, each with its place, its key and what was probably meant', async () => {
  const yaml = `spring:
  cloud:
    gateway:
      server:
        webflux:
          rotues: []
          default-filters:
            - AddResponseHeadr=X-A, b
          routes:
            - id: a
              uri: lb://my_service
              predicates:
                - Pth=/a/**
                - Path
              filters:
                - StripPrefix=one
                - ModifyRequestBody
                - name: RewritePath
                  args: { regex: a, replacement: b }
            - id: a
              ur: lb://a
              uri: lb://a
              predicates: [ "Path=/a/**", "Header=X, (a*+)" ]
              filters: [ "SetPath=/{id}" ]
`;
  assert.deepEqual(await faults(yaml), [
    'application.yml:6:19: spring.cloud.gateway.server.webflux.rotues: there is no setting of the gateway "rotues"; did you mean "routes"?',
    'application.yml:8:15: spring.cloud.gateway.server.webflux.default-filters[0]: there is no filter "AddResponseHeadr"; did you mean "AddResponseHeader"?',
    'application.yml:11:20: spring.cloud.gateway.server.webflux.routes[0].uri: "lb://my_service" has an invalid host: "my_service"',
    'application.yml:13:19: spring.cloud.gateway.server.webflux.routes[0].predicates[0]: there is no predicate "Pth"; did you mean "Path"?',
    'application.yml:14:19: spring.cloud.gateway.server.webflux.routes[0].predicates[1]: "Path" is no predicate; write "Name=argument"',
    'application.yml:16:19: spring.cloud.gateway.server.webflux.routes[0].filters[0]: StripPrefix has parts "one"; expected a whole number',
    'application.yml:17:19: spring.cloud.gateway.server.webflux.routes[0].filters[1]: the filter "ModifyRequestBody" cannot be lifted over: it runs code written in Java; write a layer in gateway.ts',
    'application.yml:19:34: spring.cloud.gateway.server.webflux.routes[0].filters[2].args.regex: RewritePath has no argument "regex"; did you mean "regexp"?',
    'application.yml:21:19: spring.cloud.gateway.server.webflux.routes[1].ur: there is no field of a route "ur"; did you mean "uri"?',
    'application.yml:23:43: spring.cloud.gateway.server.webflux.routes[1].predicates[1]: the regular expression "(a*+)" holds the possessive quantifier "*+"; write "*" in its place',
  ]);
});

const refused: readonly (readonly [string, RegExp])[] = [
  [routeWith('[ "RedirectTo=200, /a" ]'), /status 200/],
  [routeWith('[ "RedirectTo=302, javascript:alert" ]'), /neither an address nor a path/],
  [routeWith('[ "SetStatus=NOPE" ]'), /no status/],
  [routeWith('[ "StripPrefix=1, 2" ]'), /takes parts, and has 2 arguments/],
  [routeWith('[ "AddRequestHeader=X-A" ]'), /needs the argument "value"/],
  [routeWith('[ "AddRequestHeader=Content-Length, 1" ]'), /belongs to the connection/],
  [routeWith('[ "SetRequestHeader=Host, a" ]'), /SetRequestHostHeader/],
  [routeWith('[ "SetRequestHeader=X-Forwarded-For, a" ]'), /the gateway itself sets/],
  [routeWith('[ "SetRequestHeader=X A, a" ]'), /not the name of a header field/],
  [routeWith('[ "SetPath=/{other}" ]'), /uses "\{other\}"/],
  [routeWith('[ "SetPath=a" ]'), /does not begin with/],
  [routeWith('[ "RewritePath=(a, b" ]'), /"\(" without/],
  [routeWith('[ "RewritePath=(a)\\\\1, b" ]'), /refers back/],
  [routeWith('[ "RewritePath=a, $3" ]'), /names the group 3/],
  [routeWith('[ "RequestHeaderToRequestUri=X-To" ]'), /lets whoever asks choose/],
  [routeWith('[ "JsonToGrpc=a,b,c" ]'), /descriptor/],
  [
    routeWith(
      '[ { name: RequestRateLimiter, args: { key-resolver: "#{@userKeyResolvr}", redis-rate-limiter.replenishRate: 1 } } ]',
    ),
    /did you mean "#\{@userKeyResolver\}"/,
  ],
  [routeWith('[ { name: RequestRateLimiter, args: { rate-limiter: "#{@mine}" } } ]'), /expression of Spring/],
  [routeWith('[ { name: RequestRateLimiter, args: {} } ]'), /needs the argument "redis-rate-limiter.replenishRate"/],
  [routeWith('[ { name: CircuitBreaker, args: { name: a, fallbackUri: "http://x" } } ]'), /expected forward:\/path/],
  [routeWith('[ { name: Retry, args: { exceptions: java.lang.NullPointerException } } ]'), /nothing here throws/],
  [routeWith('[ { name: Retry, args: { series: SERVER } } ]'), /the series "SERVER"/],
  [routeWith('[ { name: Retry, args: { jitter.randomFactor: 2 } } ]'), /from 0 to 1/],
  [routeWith('[ { nam: Retry } ]'), /needs a "name"/],
  [routeWith('[ { name: Retry, arguments: {} } ]'), /not "arguments"/],
  [routeWith('[ "SetRequestUri=https://{id}.example/" ]'), /holds no variable/],
  [
    routeWith('[ "AddRequestHeader=X-A, ${nothing}" ]'),
    /no key of this configuration; a capture is written "\$\\\{nothing\}"/,
  ],
  [routeWith('[]', '[ "ReadBody=a" ]'), /written in Java/],
  [routeWith('[]', '[ "Path=/a", "Path=/b" ]'), /stands here twice/],
  [routeWith('[]', '[ "Path=/a", "Method=GET", "Method=POST" ]'), /no method in common/],
  [routeWith('[]', '[ "Between=2026-01-02T00:00:00Z, 2026-01-01T00:00:00Z" ]'), /ends before it begins/],
  [routeWith('[]', '[ "After=tomorrow" ]'), /expected a moment/],
  [routeWith('[]', '[ "RemoteAddr=10.0.0.0/64" ]'), /address range/],
  [routeWith('[]', '[ { name: XForwardedRemoteAddr, args: { sources: nowhere } } ]'), /address range/],
  [routeWith('[]', '[ "Weight=a, -1" ]'), /0 or more/],
  [routeWith('[]', '[]'), /has no predicate/],
  [routeWith('[]').replace('lb://one', 'forward:///a'), /handler written in Java/],
  [routeWith('[]').replace('lb://one', 'nonsense'), /is no address/],
  [routeWith('[]').replace('uri: lb://one', 'order: x'), /no "uri"/],
  [routeWith('[]', undefined, '      order: first\n'), /no whole number/],
  [routeWith('[]', undefined, '      metadata: { response-timeout: soon }\n'), /no duration/],
  [routeWith('[]', undefined, '      metadata: { access: nobody }\n'), /who may use it/],
  [
    routeWith('[]', undefined, '      metadata: { cors: { allowedOrigins: "*", allowCredentials: true } }\n'),
    /never allowed together/,
  ],
  [routeWith('[]', undefined, '      metadata: { cors: { allowedOrigin: "*" } }\n'), /did you mean "allowedOrigins"/],
  [
    routeWith('[]', undefined, '    - { id: one, uri: lb://a, predicates: [ Path=/b ] }\n'),
    /is taken by the route at application.yml:3/,
  ],
  [routeWith('[]', undefined, '  discovery.locator.enabled: true\n'), /nothing is exposed by being registered/],
  [routeWith('[ StripPrefix=1 ]', undefined, '  filter.strip-prefix.enabled: false\n'), /disabled/],
  [routeWith('[]', undefined, '  predicate.path.enabled: false\n'), /disabled/],
  [`${routeWith('[]')}spring.cloud.gateway.routes: [ { id: old } ]\n`, /under both prefixes/],
  ['spring.cloud.gateway.mvc.routes: [ { id: old } ]\n', /WebMVC/],
  ['spring.cloud.gateway.routes: one\n', /is a list/],
];

for (const [yaml, why] of refused) {
  test(`a configuration is refused that ${why.source}`, async () => {
    const found = await faults(yaml);
    assert.ok(
      found.some((line) => why.test(line) && /^application\.yml:\d+:\d+: spring\.cloud\.gateway\./.test(line)),
      found.join('\n'),
    );
  });
}

test('a route without a policy is refused unless one is given for all', async () => {
  assert.match((await faults(routeWith('[]'), {})).join(), /does not say who may use it/);
  assert.deepEqual(await faults(routeWith('[]'), { access: 'user' }), []);
});

test('a gateway that is switched off has no routes, and what does nothing is told', async () => {
  const off = await lifted(
    routeWith('[]', undefined, '  enabled: false\n  metrics.enabled: true\n  httpclient.pool.type: elastic\n'),
  );
  assert.deepEqual([off.rules, off.notes.length], [[], 2]);
});

const injected = [
  '\\r',
  '\\n',
  '\\r\\n',
  '\\0',
  '\\x01',
  '\\x1f',
  '\\x7f',
  '한',
  '\\u2028',
  '😀',
  '\\r\\nSet-Cookie: a=b',
  '\\nX: y',
  '\\u010a',
];
const templates: readonly ((bad: string) => string)[] = [
  (bad) => `AddRequestHeader=X-A, a${bad}b`,
  (bad) => `AddRequestHeader=X${bad}A, b`,
  (bad) => `SetRequestHeader=X-A, a${bad}b`,
  (bad) => `AddRequestHeadersIfNotPresent=X-A:a${bad}b`,
  (bad) => `AddResponseHeader=X-A, a${bad}b`,
  (bad) => `AddResponseHeader=X-A, {id}a${bad}b`,
  (bad) => `SetResponseHeader=X-A, a${bad}b`,
  (bad) => `SetResponseHeader=X${bad}A, b`,
  (bad) => `RewriteResponseHeader=X-A, a, b${bad}c`,
  (bad) => `MapRequestHeader=X-A, X${bad}B`,
  (bad) => `SetRequestHostHeader=a${bad}b`,
  (bad) => `RedirectTo=302, /a${bad}b`,
  (bad) => `SetPath=/a${bad}b`,
  (bad) => `PrefixPath=/a${bad}b`,
  (bad) => `RewritePath=a, /b${bad}c`,
  (bad) => `AddRequestParameter=a, b${bad}c`,
  (bad) => `RewriteLocationResponseHeader=NEVER_STRIP, Location, a${bad}b`,
];

test('nothing that would end a header field or a line of a request gets in by a template (over 200 cases)', async () => {
  assert.ok(injected.length * templates.length > 200);
  for (const template of templates) {
    for (const bad of injected) {
      const found = await faults(routeWith(`[ "${template(bad)}" ]`));
      assert.equal(found.length, 1, template(bad));
      assert.match(found[0] ?? '', /^application\.yml:6:18: [\x20-\x7e]*$/, template(bad));
    }
  }
});

test('routes are shown as Spring’s actuator shows them', async () => {
  const { byId } = await lifted();
  assert.deepEqual(actuatorRoute(byId('orders')), {
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
