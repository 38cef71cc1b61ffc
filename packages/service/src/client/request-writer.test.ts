import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { readEventStream } from './read-event-stream.ts';
import { requestWriter } from './request-writer.ts';

const { find, add } = contract('stock', {
  find: get('/stock/:sku/at/:place', {
    params: z.object({ sku: z.string(), place: z.string() }),
    query: z.object({ tag: z.array(z.string()).optional(), page: z.int().optional() }),
    access: 'public',
  }),
  add: post('/stock', { body: z.object({ sku: z.string() }), access: 'public' }),
}).operations;

test('path parameters and queries are encoded, lists repeat, and what is undefined is left out', () => {
  const writer = requestWriter(find);
  assert.equal(
    writer.path({ params: { sku: 'a/b?', place: '서울' }, query: { tag: ['x', 'y'], page: undefined } }),
    '/stock/a%2Fb%3F/at/%EC%84%9C%EC%9A%B8?tag=x&tag=y',
  );
  assert.equal(writer.path({ params: { sku: 'a', place: 'b' }, query: {} }), '/stock/a/at/b');
  assert.equal(writer.body({}), null);
});

test('a body is JSON, and a missing path parameter is named', () => {
  assert.equal(requestWriter(add).body({ body: { sku: 'a' } }), '{"sku":"a"}');
  assert.throws(
    () => requestWriter(find).path({ params: { sku: 'a' } }),
    (error) => codeOf(error) === 'SERVICE_INPUT_INVALID' && /"place"/.test(String(error)),
  );
});

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

test('events are read across chunk borders; comments and other fields are passed over', async () => {
  const items = await Array.fromAsync(
    readEventStream(
      chunks(':\n\nevent: a\nda', 'ta: {"n":1}\n\ndata: {"n"', ':2}\n\n', 'data: {"lost":'),
      'stock.watch',
      'stock:1',
    ),
  );
  assert.deepEqual(items, [{ n: 1 }, { n: 2 }]);
});

test('an event that never ends is refused', async () => {
  const endless = readEventStream(chunks(`data: ${'x'.repeat(2 ** 20 + 1)}`), 'stock.watch', 'stock:1');
  await assert.rejects(Array.fromAsync(endless), (error) => codeOf(error) === 'SERVICE_RESPONSE_INVALID');
});
