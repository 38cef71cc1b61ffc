import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddressRange } from './address-range.ts';

const cases: readonly (readonly [range: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['10.1.0.0/16', ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3'], ['10.2.0.0', '::1', 'unknown', '', '10.1.2']],
  ['10.1.2.3', ['10.1.2.3'], ['10.1.2.4']],
  ['0.0.0.0/0', ['255.255.255.255'], ['::1']],
  ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::1', '10.1.2.3']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2']],
  ['fe80::/10', ['fe80::1%eth0'], ['fec0::1']],
  ['::ffff:10.0.0.0/104', ['10.9.9.9', '::ffff:10.9.9.9'], ['11.0.0.0']],
];

test('a range includes its addresses, IPv4 also as mapped into IPv6', () => {
  for (const [range, inside, outside] of cases) {
    const parsed = parseAddressRange(range);
    for (const address of inside) assert.equal(parsed.includes(address), true, `${range} ${address}`);
    for (const address of outside) assert.equal(parsed.includes(address), false, `${range} ${address}`);
  }
});

test('what is no range is refused', () => {
  for (const range of [
    '',
    '10.1',
    '10.1.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    'localhost',
    '10.0.0.0/8/8',
    '010.0.0.1',
    'fe80::1%eth0',
  ]) {
    assert.throws(() => parseAddressRange(range), { code: 'GATEWAY_ROUTE_INVALID' }, range);
  }
});
