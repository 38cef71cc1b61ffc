import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardedBy, ReadOrigin } from './trusted-proxies.ts';
import { trustedProxies } from './trusted-proxies.ts';

function reader(by: ForwardedBy = 'x-forwarded', networks = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']): ReadOrigin {
  const read = trustedProxies(networks, by);
  assert.ok(typeof read === 'function');
  return read;
}

const addressOf = (list: string, peer = '10.0.0.1') => reader()(peer, ['X-Forwarded-For', list])?.address;

test('a peer outside the networks is not believed', () => {
  for (const peer of ['203.0.113.9', '11.0.0.1', '192.0.2.8', 'fe80::1', '::1', 'unknown', ''])
    assert.equal(reader()(peer, ['x-forwarded-for', '1.2.3.4']), undefined, peer);
  for (const peer of ['10.255.255.255', '192.0.2.7', 'fdff::1'])
    assert.equal(reader()(peer, ['x-forwarded-for', '1.2.3.4'])?.address, '1.2.3.4', peer);
});

test('the client is the first address from the right that is no trusted proxy', () => {
  for (const [list, client] of [
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['10.9.9.9, 203.0.113.9, 10.0.0.2, 192.0.2.7', '203.0.113.9'],
    ['10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['203.0.113.9:5000', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    // What is no address was written by nobody who can be believed.
    ['unknown', '10.0.0.1'],
    ['203.0.113.9, nonsense', '10.0.0.1'],
    ['203.0.113.9, _hidden, 10.0.0.2', '10.0.0.2'],
    ['', '10.0.0.1'],
    [',', '10.0.0.1'],
  ] as const)
    assert.equal(addressOf(list), client, list);
  assert.equal(reader()('10.0.0.1', [])?.address, '10.0.0.1');
  const split = ['x-forwarded-for', '6.6.6.6', 'X-Forwarded-For', '203.0.113.9'];
  assert.equal(reader()('10.0.0.1', split)?.address, '203.0.113.9');
});

test('host and protocol are those that the client used, as the proxy that saw it tells', () => {
  const read = (...raw: string[]) => {
    const origin = reader()('10.0.0.1', ['x-forwarded-for', '6.6.6.6, 203.0.113.9, 10.0.0.2', ...raw]);
    return [origin?.protocol, origin?.host];
  };
  assert.deepEqual(read('x-forwarded-proto', 'https', 'x-forwarded-host', 'shop.test'), ['https', 'shop.test']);
  assert.deepEqual(read('x-forwarded-proto', 'http, https, http'), ['https', undefined]);
  assert.deepEqual(read('x-forwarded-proto', 'gopher', 'x-forwarded-host', 'a/b'), [undefined, undefined]);
  assert.deepEqual(read('x-forwarded-host', 'evil.test, shop.test, inner.test'), [undefined, 'shop.test']);
  assert.deepEqual(reader()('10.0.0.1', ['x-forwarded-for', '203.0.113.9'])?.through, ['10.0.0.1']);
});

test('Forwarded is read as RFC 7239 writes it, and only where it is what the proxies write', () => {
  const read = (text: string) => {
    const origin = reader('forwarded')('10.0.0.1', ['Forwarded', text, 'X-Forwarded-For', '6.6.6.6']);
    return [origin?.address, origin?.protocol, origin?.host].join(' ');
  };
  assert.equal(read('for=203.0.113.9;proto=https;host=shop.test'), '203.0.113.9 https shop.test');
  assert.equal(read('For="[2001:db8::1]:4711"'), '2001:db8::1  ');
  assert.equal(
    read('for=6.6.6.6, for=203.0.113.9;host="shop.test:8080" , for=10.0.0.2'),
    '203.0.113.9  shop.test:8080',
  );
  for (const bad of ['for=203.0.113.9;', 'for', 'for=203.0.113.9,,', 'for="203.0.113.9', 'by=10.0.0.9', '6.6.6.6'])
    assert.equal(read(bad), '10.0.0.1  ', bad);
  const both = ['Forwarded', 'for=6.6.6.6', 'X-Forwarded-For', '203.0.113.9'];
  assert.equal(reader()('10.0.0.1', both)?.address, '203.0.113.9');
});

test('a network that makes no sense is named', () => {
  for (const bad of ['10.0.0.0/33', 'fd00::/129', '10.0.0', 'all', '', '10.0.0.0/8/8', '10.0.0.0/x'])
    assert.deepEqual(trustedProxies(['10.0.0.0/8', bad], 'forwarded'), { bad });
});
