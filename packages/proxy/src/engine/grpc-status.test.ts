import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayErrors } from '../errors.ts';
import { grpcTimeoutMs, isGrpcFailure, writeGrpcStatus } from './grpc-status.ts';

test('a deadline of gRPC is read in every unit, and only in its form', () => {
  assert.deepEqual(
    ['2H', '3M', '4S', '500m', '500u', '500n'].map(grpcTimeoutMs),
    [7_200_000, 180_000, 4_000, 500, 0.5, 0.0005],
  );
  for (const bad of [undefined, '', '5', 'S', '123456789S', '-1S', '5 S', '5s'])
    assert.equal(grpcTimeoutMs(bad), undefined, bad);
});

test('a problem becomes a status and a message that a header field can hold', () => {
  const { status, fields, body } = writeGrpcStatus(gatewayErrors.NO_INSTANCE('"greeter" is away: 100 % 없음'), 't');
  assert.deepEqual([status, body.length], [200, 0]);
  assert.deepEqual(fields.slice(0, 4), ['content-type', 'application/grpc', 'grpc-status', '14']);
  assert.equal(fields[5], '"greeter" is away: 100 %25 %EC%97%86%EC%9D%8C');
  const other = writeGrpcStatus(new TypeError('secret'), 't');
  assert.equal(other.fields[3], '13');
  assert.doesNotMatch(other.fields.join(' '), /secret/);
});

test('only what the instance is to blame for is a failure of it', () => {
  assert.deepEqual(['0', '3', '5', '14', '13', undefined].map(isGrpcFailure), [false, false, false, true, true, true]);
});
