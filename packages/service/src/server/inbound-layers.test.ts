import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { anonymous, codeOf, systemClock } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { resilienceErrors } from '@dure/resilience';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import type { Access } from '../contract/index.ts';
import { contract, get, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { demandAccess } from './inbound-layers.ts';
import { inputHash } from './input-hash.ts';
import { operationSet } from './operation-set.ts';
import { problemAnswer } from './problem-answer.ts';

const user: Identity = { kind: 'user', subject: 'kim', roles: ['admin'], scopes: [] };
const order: Identity = { kind: 'service', subject: 'order', roles: [], scopes: ['stock:write'] };
const granting: Identity = { ...user, roles: [], scopes: ['stock:write'] };
const forKim: Identity = { ...order, onBehalfOf: user };

const rows: readonly (readonly [Access, Identity, string | undefined])[] = [
  ['public', anonymous, undefined],
  ['user', anonymous, 'SERVICE_TOKEN_MISSING'],
  ['user', user, undefined],
  ['user', order, 'SERVICE_FORBIDDEN'],
  ['user', forKim, undefined],
  ['service', user, 'SERVICE_FORBIDDEN'],
  ['service', order, undefined],
  [{ role: 'admin' }, user, undefined],
  [{ role: 'admin' }, forKim, undefined],
  [{ role: 'owner' }, user, 'SERVICE_FORBIDDEN'],
  [{ role: 'admin' }, order, 'SERVICE_FORBIDDEN'],
  [{ scope: 'stock:write' }, order, undefined],
  [{ scope: 'stock:write' }, user, 'SERVICE_FORBIDDEN'],
  [{ scope: 'stock:read' }, order, 'SERVICE_FORBIDDEN'],
  [{ userScope: 'stock:write' }, anonymous, 'SERVICE_TOKEN_MISSING'],
  [{ userScope: 'stock:write' }, user, 'SERVICE_FORBIDDEN'],
  [{ userScope: 'stock:write' }, granting, undefined],
  [{ userScope: 'stock:write' }, { ...order, onBehalfOf: granting }, undefined],
  [{ userScope: 'stock:write' }, order, 'SERVICE_FORBIDDEN'],
  [{ userScope: 'stock:write' }, forKim, 'SERVICE_FORBIDDEN'],
];
for (const [access, identity, code] of rows) {
  test(`${JSON.stringify(access)} is ${code === undefined ? 'open to' : 'closed to'} ${identity.kind} ${identity.subject}${identity.onBehalfOf === undefined ? '' : ' for a user'}`, () => {
    const demand = () => demandAccess(access, testCall({ identity }));
    if (code === undefined) demand();
    else assert.throws(demand, (error) => codeOf(error) === code);
  });
}

const stock = contract('stock', {
  read: get('/stock', { output: z.object({ left: z.int() }), access: 'public' }),
  add: post('/stock', {
    body: z.object({ sku: z.string() }),
    output: z.object({ sku: z.string() }),
    access: 'public',
    idempotent: 'key',
  }),
});
const wrong = {
  read: async () => ({ left: 'many', secret: 1 }),
  add: async (input: unknown) => (input as { body: { sku: string } }).body,
};

test('an output that breaks the contract is an error, but in production it is sent and logged', async () => {
  const telemetry = memoryTelemetry();
  const shared = { clock: systemClock, telemetry, idempotency: undefined };
  const strict = operationSet(stock, wrong, { ...shared, strictOutput: true });
  const call = testCall({ operation: stock.operations.read });
  await assert.rejects(strict.invoke('read', {}, call), (error) => codeOf(error) === 'SERVICE_OUTPUT_INVALID');
  const lenient = operationSet(stock, wrong, { ...shared, strictOutput: false });
  assert.deepEqual(await lenient.invoke('read', {}, call), { left: 'many', secret: 1 });
  assert.match(telemetry.lines.join('\n'), /SERVICE_OUTPUT_INVALID/);
});

test('what a contract does not declare never leaves, not even from a right output', async () => {
  const handlers = { ...wrong, read: async () => ({ left: 1, passwordHash: 'x' }) };
  const set = operationSet(stock, handlers, {
    clock: systemClock,
    telemetry: memoryTelemetry(),
    idempotency: undefined,
    strictOutput: false,
  });
  assert.deepEqual(await set.invoke('read', {}, testCall({ operation: stock.operations.read })), { left: 1 });
});

test('a stored answer is given again without running the handler', async () => {
  let asked: string | undefined;
  const idempotency = {
    recall: async ({ inputHash: hash }: { readonly inputHash: string | undefined }) => {
      asked = hash;
      return { answer: { sku: 'stored' } };
    },
  };
  const set = operationSet(
    stock,
    { ...wrong, add: () => Promise.reject(new TypeError('must not run')) },
    { clock: systemClock, telemetry: memoryTelemetry(), idempotency, strictOutput: true },
  );
  const call = testCall({ operation: stock.operations.add, idempotencyKey: 'k' });
  assert.deepEqual(await set.invoke('add', { body: { sku: 'a' } }, call), { sku: 'stored' });
  assert.equal(asked, inputHash(call, { body: { sku: 'a' } }));
});

test('the digest of an input ignores the order of keys and tells callers and inputs apart', () => {
  const call = testCall({ identity: user });
  const digest = inputHash(call, { a: 1, b: [{ c: 2, d: undefined }] });
  assert.equal(digest, inputHash(call, { b: [{ c: 2 }], a: 1 }));
  assert.notEqual(digest, inputHash(call, { a: 1, b: [{ c: 3 }] }));
  assert.notEqual(digest, inputHash(testCall({ identity: order }), { a: 1, b: [{ c: 2 }] }));
});

test('a problem hides what is our own fault and says when to come back', () => {
  const own = problemAnswer(new TypeError('connect to 10.0.0.1 as postgres failed'), 'abc').problem;
  assert.deepEqual(
    [own.status, own.code, own.traceId, JSON.stringify(own).includes('10.0.0.1')],
    [500, 'SERVICE_INTERNAL', 'abc', false],
  );
  const stopping = problemAnswer(serviceErrors.STOPPING('stock is stopping', { details: { retryAfterMs: 2_500 } }), '');
  assert.deepEqual([stopping.problem.status, stopping.headers], [503, { 'retry-after': '3' }]);
  const open = (openForMs: unknown) =>
    problemAnswer(resilienceErrors.BREAKER_OPEN('open', { details: { sent: false, openForMs } }), '').headers;
  assert.deepEqual(
    [4_001, 4_000, undefined, Number.POSITIVE_INFINITY].map((openForMs) => open(openForMs)['retry-after']),
    ['5', '4', '1', '1'],
    'how long the circuit breaker on the way stays open',
  );
});

test('a service has no handler for a method of gRPC', () => {
  const grpc = { service: 'stock.Stock', method: 'Read', proto: new URL('./stock.proto', import.meta.url) };
  const bound = contract('stock', { read: get('/stock', { output: z.object({}), access: 'public', grpc }) });
  const options = { clock: systemClock, telemetry: memoryTelemetry(), idempotency: undefined, strictOutput: true };
  assert.throws(
    () => operationSet(bound, { read: async () => ({}) }, options),
    /stock\.read is carried out by a gRPC server/,
  );
});
