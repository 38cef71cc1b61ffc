import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequestHead } from './request-head.ts';

const read = (...fields: readonly string[]) => readRequestHead(['Host', 'shop', ...fields], 100);

function forwarded(...fields: readonly string[]): string {
  const head = read(...fields);
  assert.ok(!('refusal' in head), 'refusal' in head ? head.why : '');
  return head.fields;
}

test('end-to-end fields are forwarded as they came, in their order', () => {
  assert.equal(
    forwarded('Accept', '*/*', 'X-Thing', 'a', 'x-thing', 'b', 'Idempotency-Key', 'k-1'),
    'Accept: */*\r\nX-Thing: a\r\nx-thing: b\r\nIdempotency-Key: k-1\r\n',
  );
});

test('what concerns one connection is not forwarded', () => {
  for (const name of [
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Upgrade',
  ]) {
    assert.equal(forwarded(name, 'x'), '', name);
  }
  assert.equal(forwarded('Connection', 'keep-alive, X-Hop', 'X-Hop', '1', 'X-End', '2'), 'X-End: 2\r\n');
  assert.equal(forwarded('Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', 'h2c', 'HTTP2-Settings', 'x'), '');
});

test('what anybody outside could forge is not forwarded', () => {
  const names = [
    'Forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-User',
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'Dure-Timeout-Ms',
    'Dure-Attempt',
    'Dure-Request-Id',
    'dure-anything',
    'TraceParent',
    'TraceState',
    'Baggage',
    'B3',
    'X-B3-TraceId',
    'X_Forwarded_For',
    'Dure_Timeout_Ms',
  ];
  for (const name of names) assert.equal(forwarded(name, 'forged'), '', name);
});

test('what the gateway reads itself is handed over', () => {
  const head = read(
    'Authorization',
    'Bearer x',
    'Cookie',
    'a=1',
    'Cookie',
    'b=2',
    'Content-Length',
    '12',
    'Origin',
    'http://shop',
  );
  assert.ok(!('refusal' in head));
  assert.deepEqual(
    [head.host, head.authorization, head.cookie, head.contentLength, head.chunked, head.origin],
    ['shop', 'Bearer x', 'a=1; b=2', 12, false, 'http://shop'],
  );
});

const refusals: readonly (readonly [what: string, fields: readonly string[], refusal: string])[] = [
  ['no Host', ['Accept', '*/*'], 'malformed'],
  ['two Hosts', ['Host', 'a', 'Host', 'b'], 'malformed'],
  ['two equal Hosts', ['Host', 'a', 'host', 'a'], 'malformed'],
  ['an empty Host', ['Host', ''], 'malformed'],
  ['a Host with user information', ['Host', 'admin@shop'], 'malformed'],
  ['a Host with a path', ['Host', 'shop/x'], 'malformed'],
  ['a list of Hosts', ['Host', 'a, b'], 'malformed'],
  ['a Host with a space', ['Host', 'sh op'], 'malformed'],
  ['a Host with a bad port', ['Host', 'shop:x'], 'malformed'],
  ['two Authorizations', ['Host', 'a', 'Authorization', 'x', 'authorization', 'y'], 'malformed'],
  ['two Idempotency-Keys', ['Host', 'a', 'Idempotency-Key', 'x', 'Idempotency-Key', 'y'], 'malformed'],
  ['two Content-Lengths', ['Host', 'a', 'Content-Length', '1', 'Content-Length', '1'], 'malformed'],
  ['a Content-Length that is no number', ['Host', 'a', 'Content-Length', '+1'], 'malformed'],
  ['a list of Content-Lengths', ['Host', 'a', 'Content-Length', '1, 1'], 'malformed'],
  ['length and coding', ['Host', 'a', 'Content-Length', '1', 'Transfer-Encoding', 'chunked'], 'malformed'],
  ['a look-alike of Transfer-Encoding', ['Host', 'a', 'Transfer_Encoding', 'chunked'], 'malformed'],
  ['a look-alike of Content-Length', ['Host', 'a', 'content_length', '3'], 'malformed'],
  ['an unknown coding', ['Host', 'a', 'Transfer-Encoding', 'gzip'], 'coding'],
  ['a second coding', ['Host', 'a', 'Transfer-Encoding', 'gzip, chunked'], 'coding'],
  ['an empty first coding', ['Host', 'a', 'Transfer-Encoding', ',chunked'], 'coding'],
  ['Connection that names Authorization', ['Host', 'a', 'Connection', 'Authorization'], 'malformed'],
  ['Connection that names Cookie', ['Host', 'a', 'Connection', 'close, cookie'], 'malformed'],
  ['Connection that names Host', ['Host', 'a', 'Connection', 'host'], 'malformed'],
  ['Connection that names Content-Length', ['Host', 'a', 'Connection', 'content-length'], 'malformed'],
  ['Connection that names Content-Type', ['Host', 'a', 'Connection', 'content-type'], 'malformed'],
  ['Connection that names Idempotency-Key', ['Host', 'a', 'Connection', 'idempotency-key'], 'malformed'],
  ['Connection that names Origin', ['Host', 'a', 'Connection', 'origin'], 'malformed'],
];

test('ambiguous framing and forged authority are refused', () => {
  for (const [what, fields, refusal] of refusals) {
    const head = readRequestHead(fields, 100);
    assert.equal('refusal' in head ? head.refusal : 'accepted', refusal, what);
  }
});

test('good Hosts are accepted', () => {
  for (const host of ['shop', 'shop.example:8080', '127.0.0.1', '[::1]:80', 'a_b.example']) {
    const head = readRequestHead(['Host', host], 100);
    assert.equal('refusal' in head ? head.why : head.host, host);
  }
});

test('more fields than the limit are refused', () => {
  const many = Array.from({ length: 100 }, (_, index) => [`X-${index}`, 'v']).flat();
  const head = readRequestHead(['Host', 'shop', ...many], 100);
  assert.equal('refusal' in head ? head.refusal : 'accepted', 'too-many');
});
