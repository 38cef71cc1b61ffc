import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFields, metadataFields } from './metadata.ts';

const own = ['content-type: application/grpc', 'grpc-accept-encoding: identity'];

test('what the client sends becomes metadata, but for what describes its body and what is gRPC’s own', () => {
  const kept = ['X-Tenant: blue', 'accept-language-of: no', 'user-agent: test', 'idempotency-key: k', 'x-empty:'];
  const dropped = [
    'content-type: application/json',
    'content-length: 5',
    'content-encoding: gzip',
    'accept: */*',
    'accept-encoding: gzip',
    'grpc-timeout: 1n',
    'Grpc-Encoding: gzip',
    'grpc-previous-rpc-attempts: 9',
    'if-none-match: "a"',
    'range: bytes=0-1',
  ];
  const lines = metadataFields([...kept, ...dropped, ''].join('\r\n'), undefined).split('\r\n');
  assert.deepEqual(lines, [...kept.filter((line) => !line.startsWith('accept')), ...own, '']);
});

test('what metadata cannot hold is left out: names and letters that gRPC does not have, binary values that are none', () => {
  const lines = ['x~y: 1', 'x-name: 가', 'x-bin: AQI=', 'x-two-bin: AQI, AQ', 'x-bad-bin: a!b', ''];
  assert.deepEqual(metadataFields(lines.join('\r\n'), undefined).split('\r\n'), [
    'x-bin: AQI=',
    'x-two-bin: AQI, AQ',
    ...own,
    '',
  ]);
});

test('the deadline goes along in milliseconds, of eight digits at most', () => {
  assert.match(metadataFields('', 400), /\r\ngrpc-timeout: 400m\r\n$/);
  assert.match(metadataFields('', 0.5), /grpc-timeout: 1m\r\n/);
  assert.match(metadataFields('', 1e12), /grpc-timeout: 99999999m\r\n/);
});

test('a client hears leading metadata as header fields, but nothing that frames, is binary or is gRPC’s', () => {
  const passed = [
    'x-shop',
    'blue',
    'set-cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'cache-control',
    'max-age=5',
    'via',
    '1.1 dure',
  ];
  const dropped = [
    'content-type',
    'application/grpc',
    'grpc-encoding',
    'gzip',
    'Grpc-Status',
    '0',
    'x-trace-bin',
    'AQI=',
  ];
  const framing = ['content-length', '5', 'content-encoding', 'gzip', 'trailer', 'x', 'connection', 'close'];
  assert.deepEqual(answerFields([...dropped, ...passed, ...framing]), passed);
});
