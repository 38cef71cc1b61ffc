import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { contract, get, post } from '@dure/service/contract';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { z } from 'zod';
import { gatewayErrors } from '../errors.ts';
import { usersProto } from '../testing/grpc-users.ts';
import { grpcMethods } from './grpc-method.ts';
import { decodeMessage, encodeMessage } from './message-json.ts';
import { readProto } from './proto-files.ts';

const grpc = { service: 'shop.v1.Users', method: 'GetUser', ...usersProto };
const params = z.object({ id: z.string() });

function methodOf(path: string, binding: Partial<typeof grpc> & { readonly body?: string }, stream = false) {
  const schemas = path.includes(':') ? { params: z.looseObject({}) } : {};
  const made = contract('users', {
    one: post(path, { ...schemas, stream, access: 'public', grpc: { ...grpc, ...binding } }),
  });
  return grpcMethods()(made.operations.one, made.operations.one.spec.grpc);
}

test('a method is found with its messages, also by what the file imports', () => {
  const { path, input, output } = methodOf('/users/:id', {});
  assert.deepEqual(
    [path, input.fullName, output.fullName],
    ['/shop.v1.Users/GetUser', '.shop.v1.GetUserRequest', '.shop.v1.User'],
  );
  assert.equal(methodOf('/users/:id', { method: 'DeleteUser' }).output.fullName, '.google.protobuf.Empty');
  assert.equal(methodOf('/users/:id', { method: 'Watch' }, true).path, '/shop.v1.Users/Watch');
});

const misfits: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a service that is not in the file', () => methodOf('/', { service: 'shop.v1.Orders' }), /shop\.v1\.Orders/],
  [
    'a method that is not in the service',
    () => methodOf('/', { method: 'Get' }),
    /"shop\.v1\.Users" has no method "Get"/,
  ],
  ['a method named as what objects inherit', () => methodOf('/', { method: 'constructor' }), /has no method/],
  ['a stream from the client', () => methodOf('/', { method: 'Import' }), /"Import" takes a stream of messages/],
  ['a stream that is not declared', () => methodOf('/', { method: 'Watch' }), /declare `stream: true`/],
  ['a stream that is none', () => methodOf('/', {}, true), /leave out `stream`/],
  ['a variable that is no field', () => methodOf('/users/:name', {}), /"GetUserRequest" has no single value "name"/],
  ['a variable that is a message', () => methodOf('/u/:user', { method: 'UpdateUser' }), /no single value "user"/],
  ['a variable that is a list', () => methodOf('/u/:tags', { method: 'Search' }), /no single value "tags"/],
  ['a body for no field', () => methodOf('/', { body: 'user' }), /has no field "user", which the body is to fill/],
  ['a file that is not there', () => methodOf('/', { proto: new URL('./none.proto', import.meta.url) }), /ENOENT/],
  ['a file of the network', () => methodOf('/', { proto: new URL('https://x.test/a.proto') }), /scheme file/],
  ['imports that are not there', () => methodOf('/', { imports: new URL('.', import.meta.url) }), /ENOENT.*tier/],
  ['a file that is no .proto', () => methodOf('/', { proto: new URL(import.meta.url) }), /cannot be called by gRPC/],
];
for (const [name, make, message] of misfits) {
  test(`${name} is refused with the name of the operation`, () => {
    assert.throws(make, (error) => {
      assert.ok(error instanceof Error && 'code' in error && error.code === gatewayErrors.ROUTE_INVALID.code);
      assert.match(error.message, /^users\.one cannot be called by gRPC: /);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a file is read once for all operations that name it', () => {
  const { operations } = contract('users', {
    one: get('/users/:id', { params, access: 'public', grpc }),
    two: get('/people/:id', { params, access: 'public', grpc }),
  });
  const methods = grpcMethods();
  assert.equal(methods(operations.one, grpc).input, methods(operations.two, grpc).input);
});

test('a descriptor set says the same as the file that it was made of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'descriptor-'));
  try {
    const file = join(folder, 'users.binpb');
    const set = readProto(usersProto).toDescriptor('proto3');
    await writeFile(file, descriptor.FileDescriptorSet.encode(set).finish());
    const { output } = methodOf('/users/:id', { proto: pathToFileURL(file) });
    const value = { id: 'ann', fullName: 'Ann', age: 0, points: '7', tier: 'GOLD', createdAt: '2026-01-02T03:04:05Z' };
    const { output: plain } = methodOf('/users/:id', {});
    assert.deepEqual(
      decodeMessage(output, encodeMessage(output, value)),
      decodeMessage(plain, encodeMessage(plain, value)),
    );
    assert.ok(output instanceof protobuf.Type);
  } finally {
    await rm(folder, { recursive: true });
  }
});
