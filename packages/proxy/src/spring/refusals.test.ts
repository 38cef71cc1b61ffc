import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { routeWith } from '../testing/spring-application.ts';
import type { SpringRoutesOptions } from './spring-routes.ts';
import { springRoutes } from './spring-routes.ts';

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
  [routeWith('[ { name: Retry, arguments: { retries: 2 } } ]'), /not "arguments"/],
  [routeWith('[ "SetRequestUri=https://{id}.example/" ]'), /holds no variable/],
  [
    routeWith(`[ "AddRequestHeader=X-A, \${nothing}" ]`),
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
  [routeWith('StripPrefix=1'), /filters: is a list/],
  [routeWith('[]', 'Path=/a'), /predicates: is a list/],
  [routeWith('[]').replace('lb://one', 'forward:///a'), /handler written in Java/],
  [routeWith('[]').replace('lb://one', 'nonsense'), /is no address/],
  [routeWith('[]').replace('uri: lb://one', 'order: x'), /no "uri"/],
  [routeWith('[]', undefined, '      order: first\n'), /no whole number/],
  [routeWith('[]', undefined, '      metadata: { response-timeout: soon }\n'), /no duration/],
  [routeWith('[]', undefined, '      metadata: { access: nobody }\n'), /who may use it/],
  [routeWith('[]', undefined, '      metadata: { access: { scope: a } }\n'), /or \{ user-scope: … \}/],
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

test('what is no YAML is refused as such, with its place', async () => {
  await assert.rejects(springRoutes('spring: [', 'application.yml'), {
    code: 'CONFIG_FILE_INVALID',
    message: /^application\.yml:1:\d+: /,
  });
});

test('a route without a policy is refused unless one is given for all', async () => {
  assert.match((await faults(routeWith('[]'), {})).join(), /does not say who may use it/);
  assert.deepEqual(await faults(routeWith('[]'), { access: 'user' }), []);
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
