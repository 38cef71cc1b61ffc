import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import fc from 'fast-check';
import { flatten, unflatten } from './flatten.ts';
import type { Scalar } from './property.ts';

function flat(tree: unknown): Map<string, Scalar> {
  const found = new Map<string, Scalar>();
  flatten(tree, (key, value) => found.set(key, value));
  return found;
}

const cases: readonly [string, unknown, Record<string, Scalar>][] = [
  ['nested maps', { a: { b: { c: 1 } } }, { 'a.b.c': 1 }],
  ['lists, also of lists and maps', { a: [[1, 2], { b: 3 }] }, { 'a[0][0]': 1, 'a[0][1]': 2, 'a[1].b': 3 }],
  ['keys that are no text', new Map([['a', new Map([[1, 'x']])]]), { 'a[1]': 'x' }],
  ['keys in brackets', { a: { '[b.c]': 1 } }, { 'a[b.c]': 1 }],
  ['null and empty things', { a: null, b: [], c: {} }, { a: '', b: '' }],
  ['a root that is text', 'x', { document: 'x' }],
  ['a root that is a list', [1, { a: 2 }], { 'document[0]': 1, 'document[1].a': 2 }],
  [
    'large and odd numbers',
    { a: 12345678901234567890n, b: 5n, c: Number.POSITIVE_INFINITY },
    { a: '12345678901234567890', b: 5, c: 'Infinity' },
  ],
];

for (const [name, tree, expected] of cases) {
  test(`${name} flatten as in Spring`, () => assert.deepEqual(Object.fromEntries(flat(tree)), expected));
}

const scalar = fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.boolean());
const name = fc.stringMatching(/^[a-z_][a-zA-Z0-9_-]{0,8}$/);
const { tree } = fc.letrec((tie) => ({
  tree: fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 4 }),
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('tree')),
  list: fc.array(tie('value'), { minLength: 1, maxLength: 4 }),
}));

test('rebuilding what was flattened gives the tree again', () => {
  fc.assert(fc.property(tree, (given) => assert.deepEqual(unflatten(flat(given)), JSON.parse(JSON.stringify(given)))));
});

test('whatever the keys, rebuilding neither fails nor loses a value', () => {
  const step = fc.constantFrom('a', 'b', '[0]', '[1]', '.', '__proto__', '[x]');
  const steps = fc.array(step, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
  const key = fc.oneof(steps, fc.string()).filter((text) => !/\.\[|\.\.|^\.|\.$|^$/.test(text));
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 6 }), (keys) => {
      const rebuilt = unflatten(new Map(keys.map((each, index) => [each, `value-${index}`])));
      const text = JSON.stringify(rebuilt);
      for (const index of keys.keys()) assert.ok(text.includes(`value-${index}`), `${JSON.stringify(keys)} → ${text}`);
      assert.equal(({} as Record<string, unknown>).a, undefined);
    }),
  );
});

test('a value and what lies below it stand side by side, in either order', () => {
  const expected = { a: 1, 'a.b': 2, 'a.c.d': 3 };
  assert.deepEqual(
    unflatten(
      new Map([
        ['a', 1],
        ['a.b', 2],
        ['a.c.d', 3],
      ]),
    ),
    expected,
  );
  assert.deepEqual(
    unflatten(
      new Map([
        ['a.b', 2],
        ['a.c.d', 3],
        ['a', 1],
      ]),
    ),
    expected,
  );
});

test('below other keys too', () => {
  const flat = new Map([
    ['logging.level.org', 'INFO'],
    ['logging.level.org.x[0].y', 'DEBUG'],
  ]);
  assert.deepEqual(unflatten(flat), { logging: { level: { org: 'INFO', 'org.x[0].y': 'DEBUG' } } });
});

test('gaps in a list are null, and an index that is a slip of the pen is refused', () => {
  assert.deepEqual(unflatten(new Map([['a[2]', 'x']])), { a: [null, null, 'x'] });
  assert.throws(
    () => unflatten(new Map([['a[99999999]', 'x']])),
    (error) => codeOf(error) === 'CONFIG_KEY_MALFORMED',
  );
});
