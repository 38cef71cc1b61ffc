import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTarget } from './target.ts';

const accepted: readonly (readonly [target: string, path: string, query?: string])[] = [
  ['/', '/'],
  ['/stock/A-1', '/stock/A-1'],
  ['/stock/', '/stock/'],
  ['/stock?x=1&y=%20', '/stock', '?x=1&y=%20'],
  ['/?', '/', '?'],
  ['/a?b?c', '/a', '?b?c'],
  ['/a?next=/../x//y', '/a', '?next=/../x//y'],
  ['/a?list[]=1&filter={x|y}\\', '/a', '?list%5B%5D=1&filter=%7Bx%7Cy%7D%5C'],
  ['/%73tock/%41%2d1', '/stock/A-1'],
  ['/a%20b', '/a%20b'],
  ['/%ea%b9%80%EC%B9%98', '/%EA%B9%80%EC%B9%98'],
  ['/100%25', '/100%25'],
  ['/a;v=1/b', '/a;v=1/b'],
  ['/...', '/...'],
  ['/.well-known/jwks.json', '/.well-known/jwks.json'],
  ['/a..b/.c', '/a..b/.c'],
  ["/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="],
  ['http://shop.example/a?b', '/a', '?b'],
  ['HTTP://shop.example', '/'],
  ['http://shop.example?b', '/', '?b'],
];

const refused: readonly (readonly [target: string, why: RegExp])[] = [
  ['', /does not begin with/],
  ['*', /does not begin with/],
  ['stock', /does not begin with/],
  ['ftp://x/y', /does not begin with/],
  ['//stock', /empty segment/],
  ['/a//b', /empty segment/],
  ['/a/b//', /empty segment/],
  ['/.', /dot segment/],
  ['/..', /dot segment/],
  ['/a/../b', /dot segment/],
  ['/a/./b', /dot segment/],
  ['/a/..', /dot segment/],
  ['/%2e%2e/admin', /dot segment/],
  ['/.%2E/admin', /dot segment/],
  ['/a/%2e', /dot segment/],
  ['/a%2fb', /encoded slash/],
  ['/a%2Fb', /encoded slash/],
  ['/a%5cb', /encoded slash, backslash/],
  ['/a\\b', /backslash/],
  ['/a%00', /control character/],
  ['/a%0d%0ab', /control character/],
  ['/a%7f', /control character/],
  ['/a%', /two hexadecimal digits/],
  ['/a%2', /two hexadecimal digits/],
  ['/a%zz', /two hexadecimal digits/],
  ['/a?b=%', /query.*two hexadecimal digits/],
  ['/a?b=%u0041', /query.*two hexadecimal digits/],
  ['/a?b=\u00e9', /query.*percent-encoded/],
  ['/a?b="', /query.*percent-encoded/],
  ['/a?b=<c>', /query.*percent-encoded/],
  ['/a b', /percent-encoded/],
  ['/a\u00e9', /percent-encoded/],
  ['/a#b', /fragment/],
  ['/a?b#c', /query.*percent-encoded/],
  ['/a"b', /percent-encoded/],
  ['/a<b>', /percent-encoded/],
  ['/a[b]', /percent-encoded/],
  ['/%c0%af', /UTF-8/],
  ['/%c0%ae%c0%ae/admin', /UTF-8/],
  ['/%ff', /UTF-8/],
  ['/%ed%a0%80', /UTF-8/],
  ['/a/..;/b', /dots with parameters/],
  ['/a/.;x=1/b', /dots with parameters/],
  ['/;/b', /parameters only/],
  ['/a%3bb', /semicolon/],
  ['/%2561', /twice/],
  ['/%25%36%31', /twice/],
  ['http://shop.example/../a', /dot segment/],
];

test('a plain target passes and its normal form is what is matched and forwarded', () => {
  for (const [target, path, query = ''] of accepted) {
    const read = readTarget(target);
    assert.ok(read.ok, target);
    assert.deepEqual([read.path, read.query], [path, query], target);
  }
});

test('an ambiguous target is refused, not repaired', () => {
  for (const [target, why] of refused) {
    const read = readTarget(target);
    assert.ok(!read.ok, target);
    assert.match(read.why, why, target);
  }
});

test('the authority of an absolute target is kept for comparison with the Host', () => {
  const read = readTarget('http://shop.example:8080/a');
  assert.equal(read.ok ? read.authority : '', 'shop.example:8080');
});

test('the normal form is a fixed point, and it never decodes to another path than its own segments', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '..',
    '%2e',
    '%2F',
    '%5c',
    '%25',
    '/',
    '//',
    'Z',
    '%41',
    '%c3%a9',
    ';',
    '\\',
    '%',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const read = readTarget(`/${pieces.join('')}`);
      if (!read.ok) return;
      const again = readTarget(read.path);
      assert.ok(again.ok && again.path === read.path);
      assert.equal(new URL(read.path, 'http://x').pathname, read.path);
      for (const segment of read.path.slice(1).split('/'))
        assert.ok(!/[/\\]|^\.{1,2}(?:;|$)|^;|%[0-9a-f]{2}/i.test(decodeURIComponent(segment)));
    }),
    { numRuns: 2_000 },
  );
});
