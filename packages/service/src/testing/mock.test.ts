import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import { codeOf, isRefusal, seededRandom, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { httpClient, httpTransport, outboundLayers } from '../client/index.ts';
import { bytes, contract, get, post } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { mockClient } from './mock-client.ts';
import { mockService } from './mock-service.ts';

const stock = contract('stock', {
  getStock: get('/stock/:sku', {
    params: z.object({ sku: z.string() }),
    output: z.object({ left: z.int() }),
    access: 'public',
    refuses: { UnknownSku: { status: 404, data: z.object({ sku: z.string() }) } },
  }),
  add: post('/stock', {
    body: z.object({ sku: z.string(), count: z.int().default(1) }),
    access: { scope: 'stock:write' },
  }),
  mine: get('/mine', { output: z.object({ left: z.int() }), access: 'user' }),
  photo: get('/photo', { output: bytes({ type: 'image/png' }), access: 'public' }),
});
const other = contract('other', {
  a: get('/a', { access: 'public', refuses: { No: { status: 409, data: z.object({}) } } }),
});

test('a mock answers with a value or by a function, and tells how it was called', async () => {
  const client = mockClient(stock, { getStock: ({ params }) => ({ left: params.sku.length }), add: undefined });
  assert.deepEqual(await client.getStock({ params: { sku: 'abc' } }, testCall()), { left: 3 });
  await client.add({ body: { sku: 'abc' } }, testCall({ idempotencyKey: 'k' }));
  assert.deepEqual(
    client.add.calls.map(({ input, call }) => [input, call.idempotencyKey, call.operation.name]),
    [[{ body: { sku: 'abc', count: 1 } }, 'k', 'add']],
  );
  assert.equal(client.mine.calls.length, 0);
});

test('a mock refuses as the service would, by value or by throwing', async () => {
  const refusal = stock.refuse.getStock.UnknownSku({ sku: 'x' });
  for (const answer of [
    refusal,
    () => {
      throw refusal;
    },
  ]) {
    const client = mockClient(stock, { getStock: answer });
    assert.deepEqual(await client.getStock.attempt({ params: { sku: 'x' } }, testCall()), {
      ok: false,
      refusal: { code: 'UnknownSku', data: { sku: 'x' } },
    });
    await assert.rejects(client.getStock({ params: { sku: 'x' } }, testCall()), isRefusal);
  }
});

const lies: readonly (readonly [string, () => Promise<unknown>, string, RegExp])[] = [
  [
    'an operation without an answer',
    () => mockClient(stock, { getStock: { left: 1 } }).mine({}, testCall()),
    serviceErrors.NOT_MOCKED.code,
    /stock\.mine was called, but the mock answers getStock/,
  ],
  [
    'an input that the contract does not allow',
    () => mockClient(stock, { add: undefined }).add({ body: { sku: 1 as never } }, testCall()),
    serviceErrors.INPUT_INVALID.code,
    /body\.sku/,
  ],
  [
    'an answer that the contract does not allow',
    () => mockClient(stock, { getStock: { left: 'many' as never } }).getStock({ params: { sku: 'a' } }, testCall()),
    serviceErrors.OUTPUT_INVALID.code,
    /output\.left/,
  ],
  [
    'a refusal of another contract',
    () => mockClient(stock, { getStock: other.refuse.a.No({}) }).getStock({ params: { sku: 'a' } }, testCall()),
    serviceErrors.OUTPUT_INVALID.code,
    /refuses with other's "No"; declared: UnknownSku/,
  ],
];
for (const [name, run, code, message] of lies) {
  test(`${name} rejects with ${code}`, async () => {
    await assert.rejects(run(), (error) => codeOf(error) === code && message.test(String(error)));
  });
}

test('an answer is a copy, without what the contract does not declare', async () => {
  const answer = { left: 1, secret: 'x' };
  const client = mockClient(stock, { getStock: answer });
  assert.deepEqual(await client.getStock({ params: { sku: 'a' } }, testCall()), { left: 1 });
});

test('a mocked service answers over the network, demands a token and takes any', async () => {
  await using service = await mockService(stock, {
    getStock: { left: 4 },
    add: undefined,
    mine: { left: 1 },
    photo: () => new Uint8Array([1, 2]),
  });
  const random = seededRandom(1);
  const telemetry = silentTelemetry(testIds());
  const instances = staticInstances({ stock: [service.instance] });
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry,
    balancer: balancer({ instances, clock: systemClock, random }),
  });
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => 'Bearer any' } });
  const client = httpClient(stock, layers, transport);
  assert.deepEqual(await client.getStock({ params: { sku: 'a' } }, testCall()), { left: 4 });
  await client.add({ body: { sku: 'a', count: 2 } }, testCall());
  assert.deepEqual(await client.mine({}, testCall()), { left: 1 });
  assert.deepEqual(await Array.fromAsync(await client.photo({}, testCall())), [Buffer.from([1, 2])]);
  assert.deepEqual(service.calls.add[0]?.input, { body: { sku: 'a', count: 2 } });
  assert.equal((await fetch(`${service.url}/mine`)).status, 401);
  await transport.close();
});
