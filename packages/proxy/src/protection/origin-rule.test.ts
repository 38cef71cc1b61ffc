import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originRule } from './origin-rule.ts';

const cases: readonly (readonly [pattern: string, allowed: readonly string[], refused: readonly string[]])[] = [
  [
    'https://*.example.com',
    ['https://shop.example.com', 'https://a.b.example.com', 'https://.example.com'],
    [
      'https://example.com',
      'http://shop.example.com',
      'https://shop.example.com:8443',
      'https://shop.example.com.evil.org',
      'https://shopxexample.com',
      'https://evil.org/.example.com',
      'https://evil.org:80#.example.com',
      'https://user@x.example.com',
    ],
  ],
  [
    'https://example.com:[8080,8081]',
    ['https://example.com:8080', 'https://example.com:8081'],
    ['https://example.com', 'https://example.com:8082', 'https://example.com:80800'],
  ],
  ['http://localhost:[*]', ['http://localhost', 'http://localhost:5173'], ['http://localhost.evil.org', 'null']],
  ['https://shop.example.com', ['https://shop.example.com'], ['https://www.example.com', 'null']],
  ['capacitor://*', ['capacitor://localhost'], ['https://localhost']],
];
for (const [pattern, allowed, refused] of cases) {
  test(`the pattern ${pattern} lets in what it names and nothing else`, () => {
    const rule = originRule([], [pattern]);
    assert.deepEqual(
      [...allowed, ...refused].filter((origin) => rule.allows(origin)),
      allowed,
    );
    assert.equal(rule.isAny, false);
  });
}

test('origins are compared as a whole, and a slash at their end is forgiven', () => {
  const rule = originRule(['https://Shop.example.com/', 'http://localhost:5173'], []);
  assert.ok(rule.allows('https://shop.example.com') && rule.allows('http://localhost:5173'));
  assert.ok(!rule.allows('http://localhost') && !rule.allows('https://shop.example.com/') && !rule.allows('null'));
});

test('what can be no origin is refused', () => {
  for (const origin of ['shop.example.com', 'https://shop.example.com/path', 'null', 'https://example.com:443', ''])
    assert.throws(() => originRule([origin], []), { code: 'GATEWAY_PROTECTION_INVALID' }, origin);
  for (const pattern of ['*.example.com', 'https://*.example.com/x', '*://example.com', 'https://a b*', 'example.com'])
    assert.throws(() => originRule([], [pattern]), { code: 'GATEWAY_PROTECTION_INVALID' }, pattern);
});
