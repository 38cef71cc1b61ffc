import type { RawRequest } from '../bad-request.ts';
import { at, get, lines, post, send } from '../bad-request.ts';

const order = '/orders/0193d8c0-0000-7000-8000-000000000000';
const line = { sku: 'tea-green', quantity: 1 };
const address = { recipient: 'Kim', street: 'Sejong-daero 110', city: 'Seoul', postcode: '04524' };
const wish = { lines: [line], payment: { method: 'card' }, address };
const key = { 'idempotency-key': 'bad-input' };
const cross = { 'sec-fetch-site': 'cross-site' };

const raw = (...fields: readonly string[]): RawRequest => lines(['GET /products HTTP/1.1', ...fields]);
const framed = (fields: readonly string[], body: string): RawRequest =>
  lines(['POST /sessions HTTP/1.1', 'Host: HOST', 'Content-Type: application/json', ...fields], body);
const target = (path: string): RawRequest => get(path);

const closes = { connection: /^close$/ };

/** What is not well-formed, and what is too much of it. */
export const gatewayHttp = at('gateway', [
  ['no Host', raw(), 400, 'GATEWAY_MALFORMED', /"Host"/, closes],
  ['an empty Host', raw('Host:'), 400, 'GATEWAY_MALFORMED', /"Host"/, closes],
  ['two Hosts', raw('Host: HOST', 'Host: evil.example'), 400, 'GATEWAY_MALFORMED', /"Host" is there twice/, closes],
  ['two equal Hosts', raw('Host: HOST', 'Host: HOST'), 400, 'GATEWAY_MALFORMED', /"Host" is there twice/, closes],
  ['a Host with user information', raw('Host: a@b'), 400, 'GATEWAY_MALFORMED', /name and a port/, closes],
  ['a Host with a path', raw('Host: a/b'), 400, 'GATEWAY_MALFORMED', /name and a port/, closes],
  ['a Host list', raw('Host: a, b'), 400, 'GATEWAY_MALFORMED', /name and a port/, closes],
  ['a Host with a bad port', raw('Host: a:port'), 400, 'GATEWAY_MALFORMED', /name and a port/, closes],
  ['garbage', lines(['HELLO']), 400, 'GATEWAY_MALFORMED', /not well-formed/, closes],
  ['a TLS hello', lines(['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']), 400, 'GATEWAY_MALFORMED', /well-formed/],
  ['a space before the colon', raw('Host: HOST', 'X-A : 1'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a space in a field name', raw('Host: HOST', 'X A: 1'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a field without a name', raw('Host: HOST', ': 1'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a folded field', raw('Host: HOST', 'X-A: 1', ' 2'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a NUL in a value', raw('Host: HOST', 'X-A: a\0b'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a bare CR in a value', raw('Host: HOST', 'X-A: a\rb'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['bare line feeds', lines(['GET /products HTTP/1.1\nHost: a\n']), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a raw byte in the target', target('/products/\xe9'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  [
    'Connection that names a field of the request',
    get('/products', { fields: { connection: 'close, host' } }),
    400,
    'GATEWAY_MALFORMED',
    /"Connection" names "host"/,
    closes,
  ],
  [
    'length and chunks',
    framed(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'),
    400,
    'GATEWAY_MALFORMED',
    /well-formed/,
    closes,
  ],
  ['two lengths', framed(['Content-Length: 2', 'Content-Length: 3'], '{} '), 400, 'GATEWAY_MALFORMED', /well-formed/],
  ['a list of lengths', framed(['Content-Length: 2, 2'], '{}'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a signed length', framed(['Content-Length: +2'], '{}'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  ['a hexadecimal length', framed(['Content-Length: 0x2'], '{}'), 400, 'GATEWAY_MALFORMED', /well-formed/, closes],
  [
    'a chunk size that is no number',
    framed(['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'),
    400,
    'GATEWAY_MALFORMED',
    /well-formed/,
    closes,
  ],
  [
    'a look-alike of Transfer-Encoding',
    framed(['Content-Length: 2', 'Transfer_Encoding: chunked'], '{}'),
    400,
    'GATEWAY_MALFORMED',
    /"Transfer_Encoding" looks like/,
    closes,
  ],
  [
    'an unknown transfer coding',
    framed(['Transfer-Encoding: gzip'], '0\r\n\r\n'),
    501,
    'GATEWAY_TRANSFER_CODING',
    /"chunked"/,
    closes,
  ],
  ['HTTP/3.0', lines(['GET /products HTTP/3.0', 'Host: HOST']), 505, 'GATEWAY_VERSION', /1\.0 or 1\.1/, closes],
  ['HTTP/2 unasked', lines(['PRI * HTTP/2.0', '', 'SM']), 505, 'GATEWAY_VERSION', /1\.0 or 1\.1/, closes],
  [
    'CONNECT',
    lines(['CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443']),
    405,
    'GATEWAY_METHOD_NOT_ALLOWED',
    /no tunnel/,
    { allow: /GET/ },
  ],
  ['a target of 9 KiB', target(`/${'a'.repeat(9_000)}`), 414, 'GATEWAY_TARGET_TOO_LONG', /9001 bytes; at most 8192/],
  ['a target of 20 KiB', target(`/${'a'.repeat(20_000)}`), 414, 'GATEWAY_TARGET_TOO_LONG', /8192 bytes/],
  [
    'header fields of 20 KiB',
    get('/products', { fields: { 'x-a': 'a'.repeat(20_000) } }),
    431,
    'GATEWAY_HEADERS_TOO_LARGE',
    /16384 bytes/,
    closes,
  ],
  [
    'more than 100 header fields',
    raw('Host: HOST', ...Array.from({ length: 101 }, (_, index) => `X-${index}: 1`)),
    431,
    'GATEWAY_HEADERS_TOO_LARGE',
    /more than 100/,
    closes,
  ],
  ['a stated body of 2 MiB', framed(['Content-Length: 2097152'], ''), 413, 'GATEWAY_BODY_TOO_LARGE', /1048576/, closes],
  [
    'chunks of more than 1 MiB',
    framed(['Transfer-Encoding: chunked', 'Connection: close'], `100001\r\n${'a'.repeat(0x100001)}\r\n0\r\n\r\n`),
    413,
    'GATEWAY_BODY_TOO_LARGE',
    /1048576/,
    closes,
  ],
  ['a read with a body', send('GET', '/products', { body: {} }), 400, 'GATEWAY_BODY_UNEXPECTED', /GET \/products/],
]);

/** Targets that say two things, or name nothing. */
export const gatewayTargets = at('gateway', [
  ['a dot segment', target('/products/../orders'), 400, 'GATEWAY_TARGET_INVALID', /dot segment/],
  ['an encoded dot segment', target('/products/%2e%2e/orders'), 400, 'GATEWAY_TARGET_INVALID', /dot segment/],
  ['an empty segment', target('//products'), 400, 'GATEWAY_TARGET_INVALID', /empty segment/],
  ['an encoded slash', target('/products/a%2fb'), 400, 'GATEWAY_TARGET_INVALID', /encoded slash/],
  ['an encoded backslash', target('/products/a%5cb'), 400, 'GATEWAY_TARGET_INVALID', /encoded slash, backslash/],
  ['an encoded NUL', target('/products/a%00b'), 400, 'GATEWAY_TARGET_INVALID', /control character/],
  ['an encoded line feed', target('/products/a%0ab'), 400, 'GATEWAY_TARGET_INVALID', /control character/],
  ['a backslash', target('/products\\a'), 400, 'GATEWAY_TARGET_INVALID', /backslash/],
  ['a fragment', target('/products#x'), 400, 'GATEWAY_TARGET_INVALID', /fragment/],
  ['a percent sign alone', target('/products/100%'), 400, 'GATEWAY_TARGET_INVALID', /hexadecimal digits/],
  ['a percent sign alone in the query', target('/products?after=%zz'), 400, 'GATEWAY_TARGET_INVALID', /hexadecimal/],
  ['overlong UTF-8', target('/products/%c0%af'), 400, 'GATEWAY_TARGET_INVALID', /UTF-8/],
  ['a lone surrogate', target('/products/%ed%a0%80'), 400, 'GATEWAY_TARGET_INVALID', /UTF-8/],
  ['GET *', target('*'), 400, 'GATEWAY_TARGET_INVALID', /does not begin with "\/"/],
  ['another host’s target', target('http://evil.example/products'), 400, 'GATEWAY_MALFORMED', /another authority/],
  ['a target with user information', target('http://a@b/products'), 400, 'GATEWAY_TARGET_INVALID', /authority/],
  ['an unknown path', target('/nowhere'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  ['a path in other case', target('/Products'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  ['a trailing slash', target('/products/'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  ['the management port’s path', target('/actuator/env'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  ['the feed of a service', target('/.dure/feed'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  ['an operation for services only', target('/payments/x'), 404, 'GATEWAY_NOT_FOUND', /nothing at this path/],
  [
    'an operation for services only beside one for users',
    get('/users/0193d8c0-0000-7000-8000-000000000000', { from: 'customer' }),
    404,
    'GATEWAY_NOT_FOUND',
    /nothing at this path/,
  ],
  [
    'a method without a route',
    send('DELETE', '/products'),
    405,
    'GATEWAY_METHOD_NOT_ALLOWED',
    /takes GET, HEAD, POST, OPTIONS/,
    { allow: /^GET, HEAD, POST, OPTIONS$/ },
  ],
  ['PATCH of an order', send('PATCH', order), 405, 'GATEWAY_METHOD_NOT_ALLOWED', /takes GET/, { allow: /^GET, HEAD/ }],
  ['TRACE', send('TRACE', '/products'), 405, 'GATEWAY_METHOD_NOT_ALLOWED', /not TRACE/, { allow: /GET/ }],
  ['POST of the document', post('/openapi.json', {}), 405, 'GATEWAY_METHOD_NOT_ALLOWED', /takes GET/, { allow: /GET/ }],
]);

const bearer = (token: string) => ({ fields: { authorization: token } });
const invalid = { 'www-authenticate': /^Bearer error="invalid_token"$/ };

/** Who may not. */
export const gatewayAccess = at('gateway', [
  ['no token', get('/orders'), 401, 'SERVICE_TOKEN_MISSING', /signed-in users/, { 'www-authenticate': /^Bearer$/ }],
  ['no token for a write', post('/orders', wish), 401, 'SERVICE_TOKEN_MISSING', /signed-in users/],
  ['a token that is none', get('/orders', bearer('Bearer x.y.z')), 401, 'SERVICE_TOKEN_INVALID', /./, invalid],
  ['an empty token', get('/orders', bearer('Bearer ')), 401, 'SERVICE_TOKEN_INVALID', /./, invalid],
  ['HTTP Basic', get('/orders', bearer('Basic a2ltOng=')), 401, 'SERVICE_TOKEN_INVALID', /./, invalid],
  ['another scheme', get('/orders', bearer('Digest x')), 401, 'SERVICE_TOKEN_INVALID', /./, invalid],
  [
    'two Authorizations',
    lines(['GET /orders HTTP/1.1', 'Host: HOST', 'Authorization: a', 'Authorization: b']),
    400,
    'GATEWAY_MALFORMED',
    /"Authorization" is there twice/,
    closes,
  ],
  [
    'a token of yesterday',
    get('/orders', { from: 'a customer of yesterday' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
    invalid,
  ],
  [
    'a token without a signature',
    get('/orders', { from: 'order, unsigned' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
    invalid,
  ],
  [
    'a bad token at a public operation',
    get('/products', bearer('Bearer x')),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
    invalid,
  ],
  ['a service at a user’s operation', get('/orders', { from: 'order' }), 403, 'SERVICE_FORBIDDEN', /for users/],
  [
    'a customer at an administrator’s operation',
    post('/products', {}, { from: 'customer' }),
    403,
    'SERVICE_FORBIDDEN',
    /needs the role "admin"/,
  ],
  [
    'a role that the customer claims',
    post('/products', {}, { from: 'customer', fields: { 'dure-roles': 'admin', 'x-forwarded-user': 'admin' } }),
    403,
    'SERVICE_FORBIDDEN',
    /needs the role "admin"/,
  ],
  [
    'a session cookie that is none',
    get('/orders', { fields: { cookie: 'dure_session=x' } }),
    401,
    'SERVICE_TOKEN_MISSING',
    /signed-in/,
    { 'set-cookie': /dure_session=; .*Max-Age=0/ },
  ],
  [
    'a write by cookie from another site',
    post('/orders', wish, { fields: { ...key, ...cross, cookie: 'dure_session=x' } }),
    403,
    'GATEWAY_CROSS_SITE',
    /another origin/,
  ],
  ['a sign-in from another site', post('/session', {}, { fields: cross }), 403, 'GATEWAY_CROSS_SITE', /another origin/],
  [
    'a sign-in from another origin',
    post('/session', {}, { fields: { origin: 'http://evil.example' } }),
    403,
    'GATEWAY_CROSS_SITE',
    /another origin/,
  ],
  ['a sign-out from another site', send('DELETE', '/session', { fields: cross }), 403, 'GATEWAY_CROSS_SITE', /another/],
  [
    'a sign-in without a password',
    post('/session', { email: 'kim@example.com' }),
    400,
    'SERVICE_INPUT_INVALID',
    /body\.password/,
  ],
  ['a sign-in that is no JSON', post('/session', 'email=kim'), 400, 'SERVICE_BODY_MALFORMED', /JSON/],
  [
    'a wrong password',
    post('/session', { email: 'kim@example.com', password: 'wrong password' }),
    401,
    'BadCredentials',
    /^$/,
  ],
  [
    'an unknown user',
    post('/session', { email: 'nobody@example.com', password: 'wrong password' }),
    401,
    'BadCredentials',
    /^$/,
  ],
  [
    'PUT of a session',
    send('PUT', '/session'),
    405,
    'GATEWAY_METHOD_NOT_ALLOWED',
    /takes POST, GET, DELETE/,
    { allow: /POST/ },
  ],
]);
