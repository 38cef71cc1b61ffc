import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameVariant, isVariantFor, variantOf } from './variant.ts';

const lines = (...all: readonly string[]) => all.map((line) => `${line}\r\n`).join('');
const isFor = (vary: string, one: string, other: string) => {
  const variant = variantOf(['Vary', vary], one);
  assert.ok(variant !== undefined);
  return isVariantFor(variant, other);
};

test('an answer is for requests with the same values of the fields that it names', () => {
  const table: readonly (readonly [vary: string, one: string, other: string, same: boolean])[] = [
    ['foo', lines('Foo: 1'), lines('foo: 1', 'Other: 2'), true],
    ['foo', lines('Foo: 1'), lines('Foo: 2'), false],
    ['foo', lines('Foo: 1'), '', false],
    ['foo', '', lines('Foo: 1'), false],
    ['foo', '', lines('Foo:'), false],
    ['foo', '', '', true],
    ['foo, bar', lines('Bar: 2', 'Foo: 1'), lines('Foo: 1', 'Bar: 2'), true],
    ['foo, bar', lines('Foo: 1', 'Bar: 2'), lines('Foo: 1', 'Bar: 3'), false],
    ['foo, bar', lines('Foo: 1'), lines('Bar: 1'), false],
    ['foo', lines('Foo: 1, 2'), lines('Foo: 1', 'Foo: 2'), true],
    ['foo', lines('Foo: 1,2'), lines('Foo:  1 ,  2 '), true],
    ['foo', lines('Foo: 1, 2'), lines('Foo: 2, 1'), false],
    ['foo', lines('Foo: "1,2"'), lines('Foo: "1, 2"'), false],
    ['foo', lines('Foo: a'), lines('Foo: A'), false],
    ['accept-language', lines('Accept-Language: en, de'), lines('Accept-Language: eN,De'), true],
  ];
  for (const [vary, one, other, same] of table) assert.equal(isFor(vary, one, other), same, `${vary}: ${one} ${other}`);
});

test('an answer that depends on what cannot be compared is for one request only', () => {
  for (const vary of [
    '*',
    '*, *',
    ', *',
    'foo, *',
    '*, foo',
    'Cookie',
    'authorization',
    'X-Forwarded-For',
    'forwarded',
    'dure-identity',
    'traceparent',
  ])
    assert.equal(variantOf(['vary', vary], ''), undefined, vary);
  assert.equal(variantOf(['vary', 'foo', 'Vary', '*'], ''), undefined);
});

test('two variants are the same when names and values are', () => {
  const one = { names: ['a', 'b'], values: ['1', '2'] };
  assert.equal(isSameVariant(one, { names: ['a', 'b'], values: ['1', '2'] }), true);
  assert.equal(isSameVariant(one, { names: ['a', 'b'], values: ['1', '3'] }), false);
  assert.equal(isSameVariant(one, { names: ['a'], values: ['1'] }), false);
  assert.equal(isSameVariant(one, { names: ['a', 'c'], values: ['1', '2'] }), false);
});
