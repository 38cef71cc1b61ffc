import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, isRefusal } from '@dure/core';
import { z } from 'zod';
import { serviceErrors } from '../errors.ts';
import { bytes } from './bytes.ts';
import { command, contract, get, post, put } from './contract.ts';
import { openApi } from './open-api.ts';
import type { HttpOperation } from './operation-spec.ts';

const sku = z.object({ sku: z.string() });
const stock = contract('stock', {
  getStock: get('/stock/:sku', {
    params: sku,
    query: z.object({ at: z.string().optional() }),
    output: z.object({ left: z.int() }),
    access: 'public',
    refuses: { UnknownSku: { status: 404, data: sku } },
  }),
  replace: put('/stock/:sku', { params: sku, body: z.object({ left: z.int() }), access: { role: 'admin' } }),
  order: post('/orders', {
    body: sku,
    output: z.object({ id: z.string() }),
    status: 202,
    access: 'user',
    idempotent: 'key',
  }),
  reserve: command({ input: sku, key: (input) => input.sku }),
});

test('an operation knows its service, its name, and whether it may be repeated', () => {
  const { getStock, replace, order } = stock.operations;
  assert.deepEqual(
    [getStock.service, getStock.name, getStock.idempotent, getStock.timeoutMs],
    ['stock', 'getStock', true, 5_000],
  );
  assert.deepEqual([replace.idempotent, order.idempotent], [true, 'key']);
  assert.deepEqual([stock.commands.reserve.service, stock.commands.reserve.key({ sku: 'a' })], ['stock', 'a']);
});

test('a refusal is made by its name and carries its status', () => {
  const refusal = stock.refuse.getStock.UnknownSku({ sku: 'x' });
  assert.ok(isRefusal(refusal));
  assert.deepEqual([refusal.code, refusal.status, refusal.data], ['UnknownSku', 404, { sku: 'x' }]);
});

test('a part of a contract keeps its name and only the chosen operations', () => {
  const part = stock.only('getStock');
  assert.deepEqual([part.name, Object.keys(part.operations), Object.keys(part.commands)], ['stock', ['getStock'], []]);
});

const method = { service: 'shop.v1.Stock', method: 'Read', proto: new URL('./stock.proto', import.meta.url) };

const contradictions: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a name that is none', () => contract('Stock!', {}), /"Stock!" is not a name/],
  [
    'a path without a slash',
    () => contract('stock', { a: get('stock', { access: 'public' }) }),
    /"stock" is not a path/,
  ],
  [
    'parameters without a schema',
    () => contract('stock', { a: get('/stock/:sku', { access: 'public' }) }),
    /do not agree/,
  ],
  [
    'a schema without parameters',
    () => contract('stock', { a: get('/stock', { params: sku, access: 'public' }) }),
    /do not agree/,
  ],
  [
    'a GET with a body',
    () => contract('stock', { a: get('/stock', { body: sku, access: 'public' }) }),
    /a GET has no body/,
  ],
  [
    'one route twice',
    () =>
      contract('stock', {
        a: get('/stock/:sku', { params: sku, access: 'public' }),
        b: get('/stock/:id', { params: sku, access: 'public' }),
      }),
    /stock\.b and stock\.a both answer GET/,
  ],
  [
    'a cost of nothing',
    () => contract('stock', { a: get('/stock', { access: 'public', cost: 0 }) }),
    /`cost` is 0; it must be more than 0/,
  ],
  [
    'a rate limit of nothing',
    () => contract('stock', { a: get('/stock', { access: 'public', rateLimit: { quota: 0, windowSeconds: 60 } }) }),
    /`rateLimit\.quota` is 0/,
  ],
  [
    'a rate limit without an end',
    () => contract('stock', { a: get('/stock', { access: 'public', rateLimit: { quota: 5, windowSeconds: 0.5 } }) }),
    /`rateLimit\.windowSeconds` is 0\.5/,
  ],
  [
    'an operation that costs more than its limit ever holds',
    () =>
      contract('stock', {
        a: get('/stock', { access: 'public', cost: 9, rateLimit: { quota: 5, windowSeconds: 60 } }),
      }),
    /`rateLimit\.burst` is 5; with less/,
  ],
  [
    'a gRPC method without its service',
    () => contract('stock', { a: get('/stock', { access: 'public', grpc: { ...method, service: 'shop/Stock' } }) }),
    /`grpc\.service` is "shop\/Stock"/,
  ],
  [
    'a gRPC method with a path for a name',
    () => contract('stock', { a: get('/stock', { access: 'public', grpc: { ...method, method: 'a/b' } }) }),
    /`grpc\.method` is "a\/b"/,
  ],
  [
    'bytes of a gRPC method',
    () => contract('stock', { a: get('/stock', { output: bytes(), access: 'public', grpc: method }) }),
    /bytes and a gRPC method/,
  ],
];
for (const [name, make, message] of contradictions) {
  test(`${name} is refused when the contract is made`, () => {
    assert.throws(
      make,
      (error) =>
        codeOf(error) === serviceErrors.CONTRACT_INVALID.code && error instanceof Error && message.test(error.message),
    );
  });
}

test('OpenAPI 3.1 tells parameters, bodies, refusals, keys and who may call', () => {
  const document = openApi([stock], { title: 'shop', version: '1' }) as {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  };
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(Object.keys(document.paths), ['/stock/{sku}', '/orders']);
  const getStock = document.paths['/stock/{sku}']?.get ?? {};
  assert.equal(getStock.operationId, 'stock.getStock');
  assert.deepEqual(
    (getStock.parameters as { name: string; required: boolean }[]).map(({ name, required }) => [name, required]),
    [
      ['sku', true],
      ['at', false],
    ],
  );
  assert.deepEqual(Object.keys(getStock.responses as object), ['200', '404', 'default']);
  const order = document.paths['/orders']?.post ?? {};
  assert.deepEqual(Object.keys(order.responses as object), ['202', 'default']);
  assert.equal((order.parameters as { name: string }[])[0]?.name, 'Idempotency-Key');
  assert.deepEqual(order.security, [{ bearer: [] }, { session: [] }]);
});

test('OpenAPI shows of a gRPC method what clients send and get, and no more', () => {
  const spec = { params: sku, output: z.object({ left: z.int() }), access: 'public' } as const;
  const plain = contract('stock', { read: get('/stock/:sku', spec) });
  const bound = contract('stock', { read: get('/stock/:sku', { ...spec, grpc: method }) });
  const info = { title: 'shop', version: '1', internals: true };
  assert.deepEqual(openApi([bound], info), openApi([plain], info));
});

test('OpenAPI tells the rate limit that an operation declares, with its cost', () => {
  const rateLimit = { quota: 30, windowSeconds: 60, per: 'address' } as const;
  const limited = contract('stock', {
    search: get('/search', { access: 'public', cost: 3, rateLimit }),
    free: get('/free', { access: 'public', cost: 3 }),
  });
  const { paths } = openApi([limited], { title: 'shop', version: '1' }) as {
    readonly paths: Readonly<Record<string, { readonly get: Readonly<Record<string, unknown>> }>>;
  };
  assert.deepEqual(paths['/search']?.get['x-dure-rate-limit'], { cost: 3, ...rateLimit });
  assert.equal(paths['/free']?.get['x-dure-rate-limit'], undefined);
});

test('an exposed command has a POST that takes it and a GET that tells its outcome, in the contract and in OpenAPI', () => {
  const access = { role: 'admin' } as const;
  const restock = command({ input: sku, key: (input) => input.sku, expose: { path: '/restocks', access } });
  const exposed = contract('stock', { restock });
  const operations = Object.values(exposed.operations) as readonly HttpOperation[];
  assert.deepEqual(
    operations.map(({ name, method, path, idempotent, spec }) => [name, method, path, idempotent, spec.access]),
    [
      ['submitRestock', 'POST', '/restocks', 'key', access],
      ['restockOutcome', 'GET', '/restocks/:id', true, access],
    ],
  );
  const { paths } = openApi([exposed], { title: 'stock', version: '1' }) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
  };
  assert.deepEqual(Object.keys(paths), ['/restocks', '/restocks/{id}']);
  assert.ok('202' in (paths['/restocks']?.post?.responses ?? {}));
  const taken = { restock, order: post('/restocks', { body: sku, access: 'user' }) };
  assert.throws(() => contract('stock', taken), /stock\.order and stock\.submitRestock both answer POST/);
});
