import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsHost, hostVariables, matchedHost, parseHostPattern } from './host-pattern.ts';

const cases: readonly (readonly [pattern: string, fit: readonly string[], others: readonly string[]])[] = [
  [
    'shop.example',
    ['shop.example', 'SHOP.example', 'shop.example:8080', 'shop.example.'],
    ['a.shop.example', 'shop.exampl'],
  ],
  ['shop.example:8080', ['shop.example:8080'], ['shop.example', 'shop.example:80']],
  ['*.shop.example', ['a.shop.example', 'a.shop.example:1'], ['shop.example', 'a.b.shop.example', '.shop.example']],
  ['**.shop.example', ['shop.example', 'a.b.shop.example'], ['xshop.example', 'shop.example.evil']],
  ['**.*.shop.example', ['a.shop.example', 'a.b.shop.example'], ['shop.example']],
  ['shop.**', ['shop.example', 'shop.a.b'], ['shop', 'ashop.example']],
  ['s?op.*', ['shop.example', 'stop.x'], ['sop.example', 'shop.a.b']],
  ['{tenant}.shop.example', ['a.shop.example'], ['shop.example', 'a.b.shop.example']],
  [
    String.raw`{tenant:[a-z]{2,3}}-{zone:\d}.shop.example`,
    ['ab-1.shop.example'],
    ['a-1.shop.example', 'ab-12.shop.example'],
  ],
  ['**.shop.example:*', ['shop.example:8080'], ['shop.example']],
  ['[::1]:80', ['[::1]:80'], ['[::1]:81']],
  ['127.0.0.1', ['127.0.0.1', '127.0.0.1:99'], ['127.0.0.2', '1127.0.0.1']],
];

test('a host pattern takes the hosts that Ant with dots would, whatever their case and, without one, their port', () => {
  for (const [pattern, fit, others] of cases) {
    const parsed = parseHostPattern(pattern);
    for (const host of fit) assert.equal(fitsHost(parsed, matchedHost(host)), true, `${pattern} ${host}`);
    for (const host of others) assert.equal(fitsHost(parsed, matchedHost(host)), false, `${pattern} ${host}`);
  }
});

test('variables of a host are bound', () => {
  assert.deepEqual(hostVariables(parseHostPattern('{Tenant}.{zone:eu|us}.example'), 'Acme.eu.example:8080'), [
    ['Tenant', 'acme'],
    ['zone', 'eu'],
  ]);
});

test('what is no host pattern is refused', () => {
  const bad = ['', 'a..b', 'a b', 'http://a', 'a/b', '{a}.{a}', '{}.a', '{a', 'a}', '{a:(x)}.b', '{a:x++}.b'];
  for (const pattern of bad) assert.throws(() => parseHostPattern(pattern), { code: 'GATEWAY_ROUTE_INVALID' }, pattern);
});
