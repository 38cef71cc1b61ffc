import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { writeProblem } from '../engine/problem.ts';
import { codeOfHttpStatus, grpcFailure, grpcStatus } from './grpc-failure.ts';

/** google.rpc.Code: the status and the code that the client sees, and whether it reads the service's message. */
const table = [
  [1, 499, 'GRPC_CANCELLED', false],
  [2, 500, 'SERVICE_INTERNAL', false],
  [3, 400, 'GRPC_INVALID_ARGUMENT', true],
  [4, 504, 'GRPC_DEADLINE_EXCEEDED', false],
  [5, 404, 'GRPC_NOT_FOUND', true],
  [6, 409, 'GRPC_ALREADY_EXISTS', true],
  [7, 403, 'GRPC_PERMISSION_DENIED', true],
  [8, 429, 'GRPC_RESOURCE_EXHAUSTED', true],
  [9, 400, 'GRPC_FAILED_PRECONDITION', true],
  [10, 409, 'GRPC_ABORTED', true],
  [11, 400, 'GRPC_OUT_OF_RANGE', true],
  [12, 501, 'GRPC_UNIMPLEMENTED', false],
  [13, 500, 'SERVICE_INTERNAL', false], // GRPC_FAILED, which is masked
  [14, 503, 'GRPC_UNAVAILABLE', false],
  [15, 500, 'SERVICE_INTERNAL', false],
  [16, 401, 'GRPC_UNAUTHENTICATED', true],
  [17, 500, 'SERVICE_INTERNAL', false],
  [999, 500, 'SERVICE_INTERNAL', false],
] as const;

for (const [code, status, problemCode, isTold] of table) {
  test(`status ${code} of gRPC is ${status} and ${problemCode}${isTold ? ', with the message' : ''}`, () => {
    const error = grpcFailure('users', { code, message: 'host db-7 says no' });
    const { status: sent, body } = writeProblem(error, 't');
    const problem = JSON.parse(body.toString('utf8'));
    assert.deepEqual([sent, problem.status, problem.code], [status, status, problemCode]);
    assert.equal(body.includes('db-7'), isTold);
  });
}

test('the end of a call is read from fields of any case, with its message in percent-encoding', () => {
  assert.equal(grpcStatus(['x', 'grpc-status']), undefined);
  assert.deepEqual(grpcStatus(['Grpc-Status', '5', 'grpc-message', '%EC%97%86%EC%9D%8C 100%']), {
    code: 5,
    message: '%EC%97%86%EC%9D%8C 100%',
    details: undefined,
  });
  assert.equal(grpcStatus(['grpc-status', '5', 'grpc-message', '%EC%97%86%EC%9D%8C'])?.message, '없음');
  for (const bad of ['', 'OK', '-1', '1e1', '0x0']) assert.equal(grpcStatus(['grpc-status', bad])?.code, 2, bad);
});

test('an answer without a status of gRPC has the one of its HTTP status', () => {
  assert.deepEqual(
    [400, 401, 403, 404, 429, 502, 503, 504, 302, 500].map(codeOfHttpStatus),
    [13, 16, 7, 12, 14, 14, 14, 14, 2, 2],
  );
});

const { root } = protobuf.parse(`
syntax = "proto3"; package google.rpc;
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message Violation { string field = 1; string description = 2; string reason = 3; }
message BadRequest { repeated Violation field_violations = 1; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message RetryInfo { Duration retry_delay = 1; }
`);
const encoded = (type: string, value: Record<string, unknown>) => root.lookupType(type).encode(value).finish();
const detailsOf = (type: string, value: Record<string, unknown>) =>
  Buffer.from(
    encoded('google.rpc.Status', {
      code: 3,
      details: [
        { typeUrl: 'type.googleapis.com/google.rpc.DebugInfo', value: Buffer.from([0xff]) },
        { typeUrl: `type.googleapis.com/${type}`, value: encoded(type, value) },
      ],
    }),
  ).toString('base64');

test('the fields that the service names are the fields of the problem', () => {
  const fieldViolations = [
    { field: 'user.email', description: 'is taken', reason: 'TAKEN' },
    { field: 'age', description: 'is too small' },
  ];
  const details = detailsOf('google.rpc.BadRequest', { fieldViolations });
  const { body } = writeProblem(grpcFailure('users', { code: 3, message: 'two fields', details }), 't');
  assert.deepEqual(JSON.parse(body.toString('utf8')).errors, [
    { path: 'user.email', code: 'TAKEN', message: 'is taken' },
    { path: 'age', code: 'invalid', message: 'is too small' },
  ]);
});

test('the time after which the service wants to be asked again is told', () => {
  const details = detailsOf('google.rpc.RetryInfo', { retryDelay: { seconds: 7, nanos: 5e8 } });
  for (const code of [8, 14]) {
    const { fields } = writeProblem(grpcFailure('users', { code, message: '', details }), 't');
    assert.equal(fields[fields.indexOf('retry-after') + 1], '8');
  }
});

test('details that cannot be read are passed over', () => {
  for (const details of ['!!!', Buffer.from([0xff, 0xff]).toString('base64'), ''])
    assert.equal(grpcFailure('users', { code: 3, message: 'm', details }).details.errors, undefined);
});
