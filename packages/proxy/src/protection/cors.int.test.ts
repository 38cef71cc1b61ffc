import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayErrors } from '../errors.ts';
import { readRequestHead } from '../http/request-head.ts';
import { openEdge } from '../testing/open-edge.ts';
import { sendRaw } from '../testing/raw-client.ts';
import type { CorsOptions } from './cors.ts';
import { cors, preflightMethod } from './cors.ts';

const shop = 'https://shop.example.com';
const options: CorsOptions = {
  allowedOriginPatterns: ['https://*.example.com'],
  allowedMethods: ['GET', 'PUT'],
  allowedHeaders: ['content-type', 'x-tenant'],
  exposedHeaders: ['ratelimit', 'etag'],
  allowCredentials: true,
  maxAge: 600,
};

/** Asks as a browser does and answers with the head of the answer, names in lower case. */
async function asked(settings: CorsOptions, method: string, fields: Readonly<Record<string, string>>, parts = {}) {
  await using edge = await openEdge([cors(settings)], parts);
  const lines = Object.entries({ host: 'api.example.org', connection: 'close', ...fields });
  const text = await sendRaw(
    edge.port,
    `${method} /things HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  const [line = '', ...rest] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
  const pairs = rest.map((one) => [one.slice(0, one.indexOf(':')).toLowerCase(), one.slice(one.indexOf(':') + 2)]);
  return {
    status: Number(line.split(' ')[1]),
    head: Object.fromEntries(pairs) as Readonly<Record<string, string>>,
    told: pairs.filter(([name = '']) => name.startsWith('access-control-')).map(([name]) => name),
    text,
    arrived: edge.arrived.length,
  };
}

const preflight = { origin: shop, 'access-control-request-method': 'PUT' };

test('a preflight is answered at the edge, with what is allowed', async () => {
  const fields = { ...preflight, 'access-control-request-headers': 'content-type, X-Tenant' };
  const { status, head, arrived } = await asked(options, 'OPTIONS', fields);
  assert.equal(status, 204);
  assert.equal(arrived, 0);
  assert.equal(head['access-control-allow-origin'], shop);
  assert.equal(head['access-control-allow-credentials'], 'true');
  assert.equal(head['access-control-allow-methods'], 'GET, PUT');
  assert.equal(head['access-control-allow-headers'], 'content-type, X-Tenant');
  assert.equal(head['access-control-max-age'], '600');
  assert.equal(head['access-control-expose-headers'], undefined);
  assert.equal(head.vary, 'origin, access-control-request-method, access-control-request-headers');
});

const refusedPreflights: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['of another origin', { ...preflight, origin: 'https://evil.org' }],
  ['of no origin at all', { ...preflight, origin: 'null' }],
  ['for another method', { ...preflight, 'access-control-request-method': 'DELETE' }],
  ['for a method in lower case', { ...preflight, 'access-control-request-method': 'put' }],
  ['for another field', { ...preflight, 'access-control-request-headers': 'x-tenant, x-other' }],
  ['for what is no field', { ...preflight, 'access-control-request-headers': 'x tenant' }],
];
for (const [what, fields] of refusedPreflights) {
  test(`a preflight ${what} is refused and hears nothing of what would be allowed`, async () => {
    const { status, head, told, arrived } = await asked(options, 'OPTIONS', fields);
    assert.deepEqual([status, arrived], [403, 0]);
    const mayKnow = fields.origin === shop ? ['access-control-allow-origin', 'access-control-allow-credentials'] : [];
    assert.deepEqual(told, mayKnow);
    assert.match(head.vary ?? '', /origin/);
  });
}

test('a preflight for more fields than anybody needs is refused', async () => {
  const names = Array.from({ length: 65 }, (_, index) => `x-${index}`).join(',');
  const fields = { ...preflight, 'access-control-request-headers': names };
  assert.equal((await asked({ ...options, allowedHeaders: ['*'] }, 'OPTIONS', fields)).status, 403);
});

test('Private Network Access is never allowed', async () => {
  const fields = { ...preflight, 'access-control-request-private-network': 'true' };
  const { status, told } = await asked(options, 'OPTIONS', fields);
  assert.equal(status, 204);
  assert.ok(!told.includes('access-control-allow-private-network'));
});

test('an answer names the origin, may be read as declared, and varies by it beside what it varies by already', async () => {
  const { status, head } = await asked(options, 'GET', { origin: shop });
  assert.equal(status, 200);
  assert.equal(head['access-control-allow-origin'], shop);
  assert.equal(head['access-control-allow-credentials'], 'true');
  assert.equal(head['access-control-expose-headers'], 'ratelimit, etag');
  assert.equal(head.vary, 'origin, accept-encoding');
});

test('without an origin nothing is told, but what is kept of the answer still varies by it', async () => {
  const { status, head, told } = await asked(options, 'GET', {});
  assert.deepEqual([status, told, head.vary], [200, [], 'origin, accept-encoding']);
});

test('a page of another origin is refused before anything is done', async () => {
  const { status, told, arrived, text } = await asked(options, 'POST', {
    origin: 'https://evil.org',
    'content-length': '0',
  });
  assert.deepEqual([status, told, arrived], [403, [], 0]);
  assert.match(text, /"code":"GATEWAY_ORIGIN_REFUSED"/);
});

test('the own origin is not another one, by the scheme that clients see', async () => {
  const own = { origin: 'http://api.example.org' };
  const secure = { origin: 'https://api.example.org' };
  assert.equal((await asked(options, 'GET', own)).status, 200);
  assert.equal((await asked(options, 'GET', secure)).status, 403);
  assert.equal((await asked(options, 'GET', secure, { secure: true })).status, 200);
});

test('an OPTIONS request that is no preflight goes on', async () => {
  const { status, arrived } = await asked(options, 'OPTIONS', { origin: shop });
  assert.deepEqual([status, arrived], [200, 1]);
});

test('origins of all kinds are told a star and never themselves', async () => {
  const any: CorsOptions = { allowedOrigins: ['*'], allowedMethods: ['*'] };
  for (const origin of ['https://evil.org', 'null']) {
    const { status, head } = await asked(any, 'GET', { origin });
    assert.deepEqual([status, head['access-control-allow-origin']], [200, '*']);
    assert.equal(head['access-control-allow-credentials'], undefined);
    assert.equal(head.vary, 'accept-encoding');
  }
  const { head } = await asked(any, 'OPTIONS', { ...preflight, 'access-control-request-method': 'PATCH' });
  assert.equal(head['access-control-allow-methods'], 'PATCH');
});

test('a problem of a layer behind can be read by the page', async () => {
  const handler = () => {
    throw gatewayErrors.NO_INSTANCE('"things" has no instance');
  };
  const { status, head } = await asked(options, 'GET', { origin: shop }, { handler });
  assert.deepEqual([status, head['access-control-allow-origin']], [503, shop]);
});

test('what a service says about CORS is replaced', async () => {
  const handler: Parameters<typeof openEdge>[1] = {
    handler: ({ answer }) => {
      const said = ['Access-Control-Allow-Origin', '*', 'access-control-allow-credentials', 'true', 'Vary', '*'];
      answer.begin(200, [...said, 'access-control-expose-headers', 'x-secret'], 0);
      answer.end();
    },
  };
  const allowed = await asked(options, 'GET', { origin: shop }, handler);
  assert.equal(allowed.head['access-control-allow-origin'], shop);
  assert.equal(allowed.head['access-control-expose-headers'], 'ratelimit, etag');
  assert.equal(allowed.head.vary, '*');
  assert.deepEqual((await asked(options, 'GET', {}, handler)).told, []);
});

test('settings that would let everybody in with credentials are refused', () => {
  const nonsense: readonly CorsOptions[] = [
    { allowedOrigins: ['*'], allowCredentials: true },
    { allowedOriginPatterns: ['*'], allowCredentials: true },
    { allowedOrigins: [shop], exposedHeaders: ['*'], allowCredentials: true },
    { allowedOrigins: [shop], maxAge: -1 },
    { allowedOrigins: [shop], allowedMethods: ['GET, PUT'] },
    { allowedOrigins: [shop], allowedHeaders: ['x tenant'] },
  ];
  for (const settings of nonsense) assert.throws(() => cors(settings), { code: 'GATEWAY_PROTECTION_INVALID' });
});

test('a preflight from a page of the own origin needs no leave, and reaches no service either', async () => {
  const { status, told, arrived } = await asked(options, 'OPTIONS', { ...preflight, origin: 'http://api.example.org' });
  assert.deepEqual([status, arrived], [204, 0]);
  assert.ok(!told.includes('access-control-allow-origin'));
});

test('the method of a preflight is found for looking its route up', () => {
  const methodOf = (method: string, ...raw: readonly string[]) => {
    const head = readRequestHead(['host', 'a', ...raw], 9);
    return 'refusal' in head ? assert.fail(head.why) : preflightMethod(method, head);
  };
  const asking = ['Access-Control-Request-Method', 'PUT'];
  assert.equal(methodOf('OPTIONS', 'origin', shop, ...asking), 'PUT');
  assert.equal(methodOf('GET', 'origin', shop, ...asking), undefined);
  assert.equal(methodOf('OPTIONS', ...asking), undefined);
  assert.equal(methodOf('OPTIONS', 'origin', shop), undefined);
  assert.equal(methodOf('OPTIONS', 'origin', shop, 'access-control-request-method', 'P T'), undefined);
});
