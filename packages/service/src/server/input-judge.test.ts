import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { z } from 'zod';
import { bytes, contract, get, post, put } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { ArrivedInput } from './input-judge.ts';
import { inputJudge } from './input-judge.ts';

const params = z.object({ id: z.string().regex(/^[a-z ]+$/) });
const { find, read, order, upload } = contract('lists', {
  find: get('/lists', { query: z.object({ q: z.union([z.string().min(2), z.array(z.string())]) }), access: 'public' }),
  read: get('/lists/:id/items', { params, access: 'public' }),
  order: post('/orders', { body: z.object({ sku: z.string() }), access: 'public', idempotent: 'key' }),
  upload: put('/lists/:id/photo', { params, body: bytes(), access: 'public' }),
}).operations;

/** What a request is refused with; undefined when it goes on. */
function verdict(operation: Parameters<typeof inputJudge>[0], input: Partial<ArrivedInput>): string | undefined {
  try {
    inputJudge(operation)?.({ path: '/', query: '', idempotencyKey: undefined, json: undefined, ...input });
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const json = (text: string) => Buffer.from(text);
const invalid = serviceErrors.INPUT_INVALID.code;
const malformed = serviceErrors.BODY_MALFORMED.code;
const keyless = serviceErrors.IDEMPOTENCY_KEY_MISSING.code;

test('each part of a request is judged as it came', () => {
  assert.equal(verdict(find, { path: '/lists', query: '?q=ab' }), undefined);
  assert.equal(verdict(find, { path: '/lists', query: '?q=a' }), invalid);
  assert.equal(verdict(find, { path: '/lists', query: '?q=a&q=b' }), undefined);
  assert.equal(verdict(find, { path: '/lists' }), invalid);
  assert.equal(verdict(read, { path: '/lists/a%20b/items' }), undefined);
  assert.equal(verdict(read, { path: '/lists/7/items' }), invalid);
  const key = { path: '/orders', idempotencyKey: 'k' };
  assert.equal(verdict(order, { ...key, json: json('{"sku":"a"}') }), undefined);
  assert.equal(verdict(order, { ...key, json: json('{"sku":1}') }), invalid);
  assert.equal(verdict(order, key), invalid);
  for (const text of ['', '{', '{"sku":"a","__proto__":{}}']) {
    assert.equal(verdict(order, { ...key, json: json(text) }), malformed, text);
  }
  assert.equal(verdict(order, { path: '/orders', json: json('{"sku":"a"}') }), keyless);
  assert.equal(verdict(order, { ...key, idempotencyKey: '', json: json('{"sku":"a"}') }), keyless);
});

test('what is no path of the operation is left to the service, which may know it', () => {
  for (const path of [
    '/lists/7',
    '/lists/7/items/',
    '/lists//items',
    `/lists/${'7'.repeat(101)}/items`,
    '/lists/%ff/items',
  ]) {
    assert.equal(verdict(read, { path }), undefined, path);
  }
});

test('raw bytes are not judged', () => {
  assert.equal(inputJudge(upload), undefined);
});
