import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { readLines } from './read-lines.ts';
import { decodeSlice, instancesOf } from './slice.ts';
import type { FakeEndpoint } from './testing/fake-api-server.ts';
import { sliceObject } from './testing/fake-api-server.ts';

const ports = [{ name: 'http', port: 80 }];
const slice = (endpoints: readonly FakeEndpoint[], change: object = {}) =>
  decodeSlice(sliceObject({ name: 's', service: 'stock', endpoints, ports, ...change }, 1));
const hosts = (...slices: readonly ReturnType<typeof slice>[]) =>
  instancesOf('stock', slices, undefined).map(({ host }) => host);
const at = (address: string, conditions: FakeEndpoint['conditions'] = {}): FakeEndpoint => ({ address, conditions });

test('unknown readiness counts as ready; not ready, and terminating beside a ready one, do not', () => {
  const leaving = { ready: false, serving: true, terminating: true };
  assert.deepEqual(hosts(slice([at('a'), at('b', { ready: true }), at('c', { ready: false }), at('d', leaving)])), [
    'a',
    'b',
  ]);
});

test('when none is ready, those that terminate and still serve take the calls', () => {
  const endpoints = [
    at('serving', { ready: false, serving: true, terminating: true }),
    at('finished', { ready: false, serving: false, terminating: true }),
    at('unknown', { ready: false, terminating: true }),
    at('starting', { ready: false, serving: false }),
  ];
  assert.deepEqual(hosts(slice(endpoints)), ['serving']);
  assert.deepEqual(hosts(slice([...endpoints, at('well', { ready: true })])), ['well']);
});

test('an endpoint in two slices counts once, and one that either slice calls ready is ready', () => {
  assert.deepEqual(hosts(slice([at('a', { ready: false })]), slice([at('a'), at('b')])), ['a', 'b']);
});

test('of two address families one is used, so that no pod counts twice', () => {
  const six = slice([at('fd00::1')], { addressType: 'IPv6' });
  assert.deepEqual(hosts(six, slice([at('10.0.0.1')])), ['10.0.0.1']);
  assert.deepEqual(hosts(six, slice([at('10.0.0.1', { ready: false })])), ['fd00::1']);
});

test('without a name the port is the one named http, else the first that is neither UDP nor for management', () => {
  const portOf = (list: readonly object[], name?: string) =>
    instancesOf('stock', [slice([at('a')], { ports: list })], name)[0]?.port;
  const management = { name: 'management', port: 1 };
  const dns = { name: 'dns', port: 2, protocol: 'UDP' };
  assert.equal(portOf([management, dns, { name: 'grpc', port: 3 }, { name: 'http', port: 4 }]), 4);
  assert.equal(portOf([management, dns, { name: 'grpc', port: 3, protocol: 'TCP' }]), 3);
  assert.equal(portOf([{ port: 5 }]), 5);
  assert.equal(portOf([management, { name: 'http', port: 4 }], 'management'), 1);
  assert.equal(portOf([management, { name: 'http', port: null }]), undefined);
});

test('what is no slice is refused, what is odd in one is left out', () => {
  assert.throws(
    () => decodeSlice({ kind: 'Pod' }),
    (error) => codeOf(error) === 'KUBERNETES_ANSWER_INVALID',
  );
  const odd = { metadata: { name: 's' }, ports: 'x', endpoints: [null, {}, { addresses: [] }, { addresses: [7] }] };
  assert.deepEqual(decodeSlice(odd).endpoints, []);
});

test('lines are put together from pieces; an unfinished last one is dropped, an endless one refused', async () => {
  const pieces = async function* (...texts: readonly string[]) {
    yield* texts;
  };
  const lines = async (...texts: readonly string[]) => Array.fromAsync(readLines(pieces(...texts), 10));
  assert.deepEqual(await lines('a', 'b\nc', '\n', '\nd\n', 'cut'), ['ab', 'c', 'd']);
  await assert.rejects(lines('12345', '678', '901'), (error) => codeOf(error) === 'KUBERNETES_ANSWER_INVALID');
});
