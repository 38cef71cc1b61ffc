import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerDifference } from './answer-difference.ts';

const json = (value: unknown, status = 200) => ({
  status,
  fields: ['Content-Type', 'application/json'],
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});
const none: readonly string[] = [];

test('JSON is compared by what it means: the order of members and white space are no difference', () => {
  assert.deepEqual(answerDifference(json('{"a":1,"b":[2,{"c":3}]}'), json('{ "b": [2, {"c": 3}], "a": 1 }'), {}), none);
});

test('differences are told by their places and never by their values', () => {
  const one = json({ total: 10, items: [{ sku: 'secret-1', at: 5 }] });
  const other = json({ total: 11, items: [{ sku: 'secret-2', at: 6 }], more: true }, 201);
  const found = answerDifference(one, other, { ignore: ['items.*.at'] });
  assert.deepEqual(found, ['status: 200 and 201', 'body total', 'body items.0.sku', 'body more']);
});

test('arrays and objects, null and nothing, numbers and texts are different', () => {
  for (const [one, other] of [
    [[], {}],
    [null, 0],
    ['1', 1],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: undefined }, { a: null }],
  ] as const)
    assert.equal(
      answerDifference(json({ v: one }), json({ v: other }), {}).length > 0,
      true,
      JSON.stringify([one, other]),
    );
});

test('other bodies are compared byte by byte, stated fields by value, and no more than ten differences are told', () => {
  const text = (body: string, etag: string) => ({
    status: 200,
    fields: ['content-type', 'text/plain', 'etag', etag],
    body: Buffer.from(body),
  });
  assert.deepEqual(answerDifference(text('a', '1'), text('b', '2'), { fields: ['ETag'] }), ['field ETag', 'body']);
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, index]));
  assert.equal(answerDifference(json(many), json({}), {}).length, 10);
  assert.deepEqual(answerDifference(json({}), { ...json({}), body: undefined }, {}), [
    'a body is too long to be compared',
  ]);
});
