import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { contract, get, post } from './contract.ts';
import { describedOperations, operationField } from './described-operation.ts';
import { openApi } from './open-api.ts';
import type { HttpSpec } from './operation-spec.ts';

const stock = contract('stock', {
  read: get('/stock/:sku', { params: z.object({ sku: z.string() }), output: z.object({}), access: 'public' }),
  follow: get('/changes', { output: z.object({}), access: 'user', stream: true, timeoutMs: 900 }),
  order: post('/orders', {
    body: z.object({}),
    access: { role: 'buyer' },
    idempotent: 'key',
    cost: 3,
    rateLimit: { quota: 10, windowSeconds: 1, per: 'address' },
  }),
});
const document = openApi([stock], { title: 'stock', version: '1', internals: true });

test('a service’s own document tells all that a gateway needs to know of its operations', () => {
  const read = new Map(
    describedOperations(JSON.parse(JSON.stringify(document)), 'stock').map((one) => [one.name, one]),
  );
  for (const operation of Object.values(stock.operations)) {
    const { spec, ...told } = read.get(operation.name) ?? assert.fail(operation.name);
    const { spec: declared, sensitive: _, ...rest } = operation;
    const own: HttpSpec = declared;
    assert.deepEqual({ ...told, sensitive: undefined }, { ...rest, sensitive: undefined });
    assert.deepEqual(spec, {
      access: own.access,
      ...(own.stream === undefined ? {} : { stream: own.stream }),
      ...(own.rateLimit === undefined ? {} : { rateLimit: own.rateLimit }),
    });
  }
});

test('the document for outsiders tells nothing of it', () => {
  assert.equal(JSON.stringify(openApi([stock], { title: 'stock', version: '1' })).includes(operationField), false);
});

test('what is not well-formed, or of another service, is left out', () => {
  const [good] = describedOperations(document, 'stock');
  const told = {
    service: 'stock',
    name: 'read',
    method: 'GET',
    path: '/a',
    access: 'public',
    idempotent: true,
    timeoutMs: 1,
    cost: 1,
  };
  const read = (change: object) =>
    describedOperations({ paths: { a: { get: { [operationField]: { ...told, ...change } } } } }, 'stock');
  assert.equal(good?.name, 'read');
  assert.equal(read({}).length, 1);
  for (const change of [
    { service: 'other' },
    { name: '__proto__' },
    { method: 'CONNECT' },
    { path: '/a/../b' + '\r\n' },
    { path: 'a' },
    { access: 'everybody' },
    { access: undefined },
    { timeoutMs: 0 },
    { cost: -1 },
    { idempotent: 'perhaps' },
  ])
    assert.deepEqual(read(change), [], JSON.stringify(change));
  for (const odd of [undefined, null, [], { paths: 7 }, { paths: { a: null } }])
    assert.deepEqual(describedOperations(odd, 'stock'), []);
});
