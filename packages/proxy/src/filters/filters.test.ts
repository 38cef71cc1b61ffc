import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamedLayer } from '../routing/route-rule.ts';
import type { PassedParts } from '../testing/pass-layers.ts';
import { passLayers } from '../testing/pass-layers.ts';
import { redirectTo, setStatus, statusOf } from './own-answers.ts';
import { removeJsonAttributes } from './remove-json-attributes.ts';
import {
  addRequestHeader,
  addRequestHeadersIfNotPresent,
  mapRequestHeader,
  preserveHostHeader,
  removeRequestHeader,
  setRequestHeader,
  setRequestHostHeader,
} from './request-headers.ts';
import { requestHeaderSize, requestSize } from './request-limits.ts';
import { addRequestParameter, removeRequestParameter, rewriteRequestParameter } from './request-parameters.ts';
import { prefixPath, rewritePath, setPath, stripPrefix } from './request-path.ts';
import {
  addResponseHeader,
  dedupeResponseHeader,
  removeResponseHeader,
  rewriteResponseHeader,
  setResponseHeader,
} from './response-headers.ts';
import { rewriteLocationResponseHeader } from './rewrite-location.ts';
import { secureHeaders } from './secure-headers.ts';

const targets: readonly (readonly [NamedLayer, string, string, PassedParts['variables']?])[] = [
  [stripPrefix(1), '/name/blue/red', '/blue/red'],
  [stripPrefix(2), '/name/blue/red', '/red'],
  [stripPrefix(1), '/orders/', '/'],
  [stripPrefix(1), '/api/orders/', '/orders/'],
  [stripPrefix(5), '/a/b', '/'],
  [stripPrefix(0), '/a/b', '/a/b'],
  [stripPrefix(1), '/api/a%20b?x=1', '/a%20b?x=1'],
  [prefixPath('/mypath'), '/hello', '/mypath/hello'],
  [prefixPath('/{tenant}'), '/hello', '/blue/hello', { tenant: 'blue' }],
  [rewritePath('/red/?(?<segment>.*)', '/$\\{segment}'), '/red/blue', '/blue'],
  [rewritePath('/red/?(?<segment>.*)', '/$\\{segment}'), '/red', '/'],
  [rewritePath('a', 'b'), '/a/banana', '/b/bbnbnb'],
  [rewritePath(/\/consuming\/(.*)/, '/$1'), '/consuming/a%2Bb', '/a%2Bb'],
  [rewritePath('^/v1(?<rest>/.*)', `/api\${rest}`), '/v1/a%20b?q=v1', '/api/a%20b?q=v1'],
  [rewritePath('/x(?<rest>.*)', `/y/\${rest}`), '/x/z', '/y/z'],
  [rewritePath('/none', '/other'), '/a', '/a'],
  [rewritePath('.+', ''), '/a', '/'],
  [setPath('/{segment}'), '/red/blue', '/blue', { segment: 'blue' }],
  [setPath('/files{rest}'), '/x', '/files/a/b%20c', { rest: '/a/b c' }],
  [setPath('/{name}'), '/x', '/%EB%91%90%EB%A0%88', { name: '두레' }],
  [setPath('/{name}'), '/x', '/a%3Fb', { name: 'a?b' }],
  [addRequestParameter('red', 'blue'), '/a', '/a?red=blue'],
  [addRequestParameter('red', 'blue'), '/a?x=1', '/a?x=1&red=blue'],
  [addRequestParameter('foo', 'bar-{segment}'), '/a', '/a?foo=bar-a%26b', { segment: 'a&b' }],
  [removeRequestParameter('red'), '/a?red=1&blue=2&red=3', '/a?blue=2'],
  [removeRequestParameter('r d'), '/a?r%20d=1&r+d=2', '/a'],
  [rewriteRequestParameter('campaign', 'fall2023'), '/a?campaign=old&x=1&campaign=2', '/a?campaign=fall2023&x=1'],
  [rewriteRequestParameter('campaign', 'fall2023'), '/a?x=1', '/a?x=1'],
];

for (const [layer, sent, expected, variables] of targets) {
  test(`[${layer.text}] forwards ${sent} as ${expected}`, () => {
    const { forwarded } = passLayers([layer], { target: sent, ...(variables !== undefined && { variables }) });
    assert.equal(`${forwarded?.path}${forwarded?.query}`, expected);
  });
}

test('a path that a filter puts together cannot leave what was matched', () => {
  const { status, forwarded } = passLayers([rewritePath('b', '')], { target: '/a/.b./x' });
  assert.deepEqual([status, forwarded], [400, undefined]);
});

const requestFields: readonly (readonly [NamedLayer, readonly string[], string, PassedParts['variables']?])[] = [
  [addRequestHeader('X-Red', 'Blue'), ['X-Red', 'Green'], 'X-Red: Green|X-Red: Blue'],
  [addRequestHeader('X-Red', 'Blue-{segment}'), [], 'X-Red: Blue-a%0D%0Ab%ED%95%9C', { segment: 'a\r\nb한' }],
  [setRequestHeader('X-Red', 'Blue'), ['X-Red', 'Green', 'x-red', 'Gold', 'A', 'b'], 'A: b|X-Red: Blue'],
  [
    addRequestHeadersIfNotPresent([
      ['X-A', '1'],
      ['X-A', '2'],
      ['X-B', '3'],
    ]),
    ['x-b', '4'],
    'x-b: 4|X-A: 1|X-A: 2',
  ],
  [removeRequestHeader('x-foo'), ['X-Foo', '1', 'X-Bar', '2'], 'X-Bar: 2'],
  [mapRequestHeader('Blue', 'X-Red'), ['blue', '1', 'Blue', '2'], 'blue: 1|Blue: 2|X-Red: 1|X-Red: 2'],
  [mapRequestHeader('Blue', 'X-Red'), ['A', '1'], 'A: 1'],
];

for (const [layer, fields, expected, variables] of requestFields) {
  test(`[${layer.text}] forwards "${expected}"`, () => {
    const { forwarded } = passLayers([layer], { fields, ...(variables !== undefined && { variables }) });
    assert.equal(forwarded?.fields.trimEnd().split('\r\n').join('|'), expected);
  });
}

test('credentials are header fields, too', () => {
  const fields = ['Cookie', 'a=1', 'Authorization', 'Bearer x'];
  const dropped = passLayers([removeRequestHeader('cookie'), removeRequestHeader('AUTHORIZATION')], { fields });
  assert.deepEqual([dropped.forwarded?.cookie, dropped.forwarded?.authorization], [undefined, undefined]);
  const changed = passLayers([addRequestHeader('Cookie', 'b=2'), setRequestHeader('Authorization', 'Basic y')], {
    fields,
  });
  assert.deepEqual([changed.forwarded?.cookie, changed.forwarded?.authorization], ['a=1; b=2', 'Basic y']);
  const copied = passLayers([mapRequestHeader('Authorization', 'X-Token')], { fields });
  assert.equal(copied.forwarded?.fields, 'X-Token: Bearer x\r\n');
});

test('the Host field is the instance’s unless a filter says otherwise', () => {
  assert.equal(passLayers([]).forwarded?.sentHost, undefined);
  assert.equal(passLayers([preserveHostHeader()]).forwarded?.sentHost, 'shop.test:8080');
  assert.equal(passLayers([setRequestHostHeader('a.example')]).forwarded?.sentHost, 'a.example');
});

const answers: readonly (readonly [NamedLayer, readonly string[], string, PassedParts['variables']?])[] = [
  [addResponseHeader('X-Red', 'Blue'), ['X-Red', 'Green'], 'X-Red: Green|X-Red: Blue'],
  [addResponseHeader('X-Red', 'Blue', false), ['x-red', 'Green'], 'x-red: Green'],
  [addResponseHeader('X-Red', 'Blue', false), ['x-red', ' '], 'X-Red: Blue'],
  [addResponseHeader('X-Red', 'Blue', false), [], 'X-Red: Blue'],
  [addResponseHeader('X-Red', 'B-{a}'), [], 'X-Red: B-%0A', { a: '\n' }],
  [setResponseHeader('X-Red', 'Blue'), ['X-Red', '1', 'A', 'b', 'x-red', '2'], 'A: b|X-Red: Blue'],
  [removeResponseHeader('X-Foo'), ['x-foo', '1', 'A', 'b'], 'A: b'],
  [
    rewriteResponseHeader('X-Red', 'password=[^&]+', 'password=***'),
    ['x-red', '/42?user=ford&password=omg!what&flag=true', 'X-Red', 'none'],
    'x-red: /42?user=ford&password=***&flag=true|X-Red: none',
  ],
  [rewriteResponseHeader('X-Red', '(a+)+b', 'x'), ['X-Red', 'a'.repeat(60_000), 'A', 'b'], 'A: b'],
  [dedupeResponseHeader(['A', 'B']), ['A', '1', 'B', '2', 'a', '3', 'b', '2'], 'A: 1|B: 2'],
  [dedupeResponseHeader(['A'], 'RETAIN_LAST'), ['A', '1', 'a', '3', 'C', '4'], 'a: 3|C: 4'],
  [dedupeResponseHeader(['A'], 'RETAIN_UNIQUE'), ['A', '1', 'A', '2', 'A', '1'], 'A: 1|A: 2'],
  [
    rewriteLocationResponseHeader(),
    ['Location', 'https://object.example/v2/some/id'],
    'Location: https://shop.test:8080/some/id',
  ],
  [
    rewriteLocationResponseHeader({ stripVersion: 'NEVER_STRIP', hostValue: 'api.example' }),
    ['Location', 'http://o.example:81/v2/id'],
    'Location: http://api.example/v2/id',
  ],
  [
    rewriteLocationResponseHeader({ protocols: 'ftp' }),
    ['Location', 'http://o.example/v2/id'],
    'Location: http://o.example/v2/id',
  ],
  [rewriteLocationResponseHeader(), ['Location', '/v2/id'], 'Location: /v2/id'],
  [
    secureHeaders({
      'X-Frame-Options': 'SAMEORIGIN',
      'content-security-policy': false,
      'X-Xss-Protection': false,
      'Strict-Transport-Security': false,
      'Permissions-Policy': 'camera=()',
    }),
    ['Referrer-Policy', 'origin'],
    'Referrer-Policy: origin|X-Content-Type-Options: nosniff|X-Download-Options: noopen|X-Permitted-Cross-Domain-Policies: none|X-Frame-Options: SAMEORIGIN|Permissions-Policy: camera=()',
  ],
];

for (const [layer, fields, expected, variables] of answers) {
  test(`[${layer.text.slice(0, 90)}] answers "${expected.slice(0, 70)}"`, () => {
    const passed = passLayers([layer], { answer: { fields }, ...(variables !== undefined && { variables }) });
    assert.equal(passed.fields.join('|'), expected);
  });
}

test('SecureHeaders adds the eight fields with the values of Spring Cloud Gateway', () => {
  const { fields } = passLayers([secureHeaders()], { answer: { fields: [] } });
  assert.equal(fields.length, 8);
  assert.ok(fields.includes('X-Xss-Protection: 1 ; mode=block'));
  assert.ok(fields.includes('Strict-Transport-Security: max-age=631138519'));
});

test('filters of answers count from the inside, as in Spring: the first in the list has the last word', () => {
  const { fields } = passLayers([setResponseHeader('A', 'first'), setResponseHeader('A', 'second')], {
    answer: { fields: [] },
  });
  assert.deepEqual(fields, ['A: first']);
});

test('a location keeps its version when the request has one', () => {
  const answer = { fields: ['Location', 'https://o.example/v2/id'] };
  assert.deepEqual(passLayers([rewriteLocationResponseHeader()], { target: '/v1/x', answer }).fields, [
    'Location: https://shop.test:8080/v2/id',
  ]);
  const always = rewriteLocationResponseHeader({ stripVersion: 'ALWAYS_STRIP' });
  assert.deepEqual(passLayers([always], { target: '/v1/x', answer }).fields, ['Location: https://shop.test:8080/id']);
});

test('a redirection is answered at once, with the query if it is asked for', () => {
  const plain = passLayers([redirectTo(302, 'https://acme.org')], { target: '/a?x=1' });
  assert.deepEqual([plain.status, plain.fields[0], plain.forwarded], [302, 'location: https://acme.org', undefined]);
  const location = (url: string, target: string) => passLayers([redirectTo(301, url, true)], { target }).fields[0];
  assert.equal(location('https://acme.org/b?y=2#f', '/a?x=1'), 'location: https://acme.org/b?y=2&x=1#f');
  assert.equal(location('/b', '/a?x=1'), 'location: /b?x=1');
  assert.equal(location('/b', '/a'), 'location: /b');
});

test('SetStatus changes what a service answers, not what the gateway refuses', () => {
  assert.equal(passLayers([setStatus(401)]).status, 401);
  const empty = passLayers([setStatus(204)]);
  assert.deepEqual([empty.status, empty.body, empty.fields], [204, '', ['content-type: text/plain']]);
  const refused = passLayers([setStatus(201), requestSize(1)], { fields: ['Content-Length', '2'] });
  assert.equal(refused.status, 413);
  assert.equal(statusOf('404'), 404);
  assert.equal(statusOf('NOT_FOUND'), 404);
  assert.equal(statusOf('NOPE'), undefined);
});

test('a request that is too large is refused, with the message as a header field', () => {
  const { status, fields } = passLayers([requestSize(100)], { fields: ['Content-Length', '101'] });
  assert.equal(status, 413);
  assert.ok(fields.some((field) => field.startsWith('errorMessage: Request size is larger than permissible limit')));
  assert.equal(passLayers([requestSize(100)], { fields: ['Content-Length', '100'] }).status, 200);
  const large = passLayers([requestHeaderSize(20, 'X-Why')], { fields: ['X-Long', 'a'.repeat(30)] });
  assert.equal(large.status, 431);
  assert.ok(large.fields.some((field) => field.startsWith('X-Why: ') && field.endsWith('X-Long')));
  assert.equal(passLayers([requestHeaderSize(20)], { fields: ['Cookie', 'a'.repeat(30)] }).status, 431);
  assert.equal(passLayers([requestHeaderSize(20)], { fields: ['X-Long', 'a'] }).status, 200);
});

test('attributes are removed from JSON, and from nothing else', () => {
  const body = JSON.stringify({ id: 1, secret: 'x', inner: { secret: 'y', list: [{ secret: 'z', a: 1 }] } });
  const json = ['Content-Type', 'application/json', 'Content-Length', String(body.length), 'ETag', '"1"'];
  const flat = passLayers([removeJsonAttributes(['secret'])], { answer: { fields: json, body } });
  assert.deepEqual(JSON.parse(flat.body), { id: 1, inner: { secret: 'y', list: [{ secret: 'z', a: 1 }] } });
  assert.deepEqual(flat.fields, ['Content-Type: application/json', `Content-Length: ${flat.body.length}`]);
  const deep = passLayers([removeJsonAttributes(['secret'], { deleteRecursively: true })], {
    answer: { fields: json, body },
  });
  assert.deepEqual(JSON.parse(deep.body), { id: 1, inner: { list: [{ a: 1 }] } });
  const text = passLayers([removeJsonAttributes(['secret'])], {
    answer: { fields: ['Content-Type', 'text/plain'], body },
  });
  assert.equal(text.body, body);
  const broken = passLayers([removeJsonAttributes(['secret'])], { answer: { fields: json, body: '{"secret"' } });
  assert.equal(broken.status, 502);
  const long = passLayers([removeJsonAttributes(['secret'], { longestBytes: 10 })], { answer: { fields: json, body } });
  assert.equal(long.status, 502);
});
