import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http1Fields } from './http2-fields.ts';

const good = [':method', 'GET', ':scheme', 'https', ':path', '/a', ':authority', 'shop.test'];
const isRefused = (fields: readonly string[]) => 'why' in http1Fields(fields);

test('an HTTP/2 request becomes the fields of the same HTTP/1.1 request', () => {
  assert.deepEqual(http1Fields([...good, 'x-a', '1', 'te', 'trailers', 'x-empty', '']), {
    raw: ['host', 'shop.test', 'x-a', '1', 'te', 'trailers', 'x-empty', ''],
  });
  assert.deepEqual(http1Fields([...good.slice(0, 6), 'host', 'shop.test']), { raw: ['host', 'shop.test'] });
  assert.deepEqual(http1Fields(good.slice(0, 6)), { raw: [] });
});

test('whatever HTTP/1.1 could read differently is refused', () => {
  for (const [name, value] of [
    ['x-a', 'b\r\nx: 1'],
    ['x-a', 'b\0'],
    ['x-a', ' b'],
    ['x-a', 'b\t'],
    ['x\r\ny', '1'],
    ['x y', '1'],
    ['X-A', '1'],
    ['', '1'],
    ['transfer-encoding', 'chunked'],
    ['connection', 'close'],
    ['keep-alive', '1'],
    ['proxy-connection', '1'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'AAA'],
    ['te', 'gzip'],
    ['host', 'evil.test'],
    [':path', '/b'],
    [':evil', '1'],
  ] as const)
    assert.equal(isRefused([...good, name, value]), true, JSON.stringify([name, value]));
  for (const [name, value] of [
    [':path', ''],
    [':path', 'a'],
    [':path', 'http://evil/a'],
    [':path', '/a b'],
    [':path', '/a#b'],
    [':method', 'get'],
    [':method', 'GET /'],
    [':scheme', 'ftp'],
    [':authority', 'a\r\nb'],
  ] as const)
    assert.equal(isRefused(good.map((text, index) => (good[index - 1] === name ? value : text))), true, value);
  assert.equal(isRefused(['x-a', '1', ...good]), true);
  assert.equal(isRefused([...good, 'host', 'shop.test', 'host', 'shop.test']), true);
});
