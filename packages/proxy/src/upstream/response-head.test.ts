import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunked, readResponseHead, untilClose } from './response-head.ts';

const read = (lines: readonly string[], method = 'GET', line = 'HTTP/1.1 200 OK') =>
  readResponseHead(`${[line, ...lines].join('\r\n')}\r\n\r\n`, method);

function good(lines: readonly string[], method = 'GET', line = 'HTTP/1.1 200 OK') {
  const head = read(lines, method, line);
  assert.ok(!('bad' in head), 'bad' in head ? head.bad : '');
  return head;
}

test('end-to-end fields are kept, what concerns the connection is not', () => {
  const head = good([
    'Content-Type: text/plain',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'Connection: keep-alive, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=72',
    'Proxy-Authenticate: x',
    'Upgrade: h2c',
    'Trailer: x',
    'Dure-Position: 7',
    'Dure-Fallback: product.getProduct;kind=value',
    'Content-Length: 3',
    'X-Empty:',
  ]);
  assert.deepEqual(head.fields, [
    ...['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    ...['Content-Length', '3', 'X-Empty', ''],
  ]);
  assert.equal(head.fallback, 'product.getProduct;kind=value');
  assert.deepEqual([head.status, head.bodyBytes, head.keepAlive, head.idleMs], [200, 3, true, 72_000]);
});

test('of the white space around a value only spaces and tabs are taken away', () => {
  assert.deepEqual(good(['X-A: \t \xa0\xc3\xa0 \t ']).fields, ['X-A', '\xa0\xc3\xa0']);
});

test('the length of the body follows RFC 9112 §6.3', () => {
  assert.equal(good(['Content-Length: 5']).bodyBytes, 5);
  assert.equal(good(['Transfer-Encoding: Chunked']).bodyBytes, chunked);
  assert.equal(good([]).bodyBytes, untilClose);
  assert.equal(good(['Content-Length: 5'], 'HEAD').bodyBytes, 0);
  assert.equal(good(['Transfer-Encoding: chunked'], 'HEAD').bodyBytes, 0);
  assert.equal(good(['Content-Length: 5'], 'GET', 'HTTP/1.1 304 Not Modified').bodyBytes, 0);
  assert.equal(good([], 'GET', 'HTTP/1.1 204').bodyBytes, 0);
  assert.equal(good([], 'GET', 'HTTP/1.1 100 Continue').bodyBytes, 0);
});

test('a connection is kept unless either side said otherwise', () => {
  assert.equal(good(['Connection: close', 'Content-Length: 0']).keepAlive, false);
  assert.equal(good(['Content-Length: 0'], 'GET', 'HTTP/1.0 200 OK').keepAlive, false);
  assert.equal(good(['Content-Length: 0', 'Connection: Keep-Alive'], 'GET', 'HTTP/1.0 200 OK').keepAlive, true);
});

test('Connection cannot take away what the client needs to read the answer', () => {
  const head = good(['Connection: content-length, set-cookie, x-a', 'Content-Length: 1', 'Set-Cookie: a=1', 'X-A: 1']);
  assert.deepEqual(head.fields, ['Content-Length', '1', 'Set-Cookie', 'a=1']);
});

test('an answer that is ambiguous or not well-formed is refused', () => {
  const bad: readonly (readonly [readonly string[], string?])[] = [
    [['Content-Length: 5', 'Content-Length: 5']],
    [['Content-Length: 5, 5']],
    [['Content-Length: -1']],
    [['Content-Length: 5', 'Transfer-Encoding: chunked']],
    [['Transfer-Encoding: gzip, chunked']],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    [['Transfer-Encoding: identity']],
    [['Transfer-Encoding: chunked'], 'HTTP/1.0 200 OK'],
    [['X A: 1']],
    [['X-A : 1']],
    [[' folded: 1']],
    [['X-A: 1', ' folded']],
    [['X-A: a\0b']],
    [['X-A: a\rb']],
    [['no colon']],
    [[': empty']],
    [[], 'HTTP/2 200 OK'],
    [[], 'HTTP/1.1 99 Low'],
    [[], 'HTTP/1.1 600 High'],
    [[], 'HTTP/1.1 2000'],
    [[], 'HTTP/1.1  200 OK'],
    [[], 'ICY 200 OK'],
    [[], ' HTTP/1.1 200 OK'],
  ];
  for (const [lines, line] of bad) assert.ok('bad' in read(lines, 'GET', line), JSON.stringify([line, lines]));
});
