import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteRange } from './byte-range.ts';

test('one range is read; anything else means the whole', () => {
  const table: readonly (readonly [string, ReturnType<typeof byteRange>])[] = [
    ['bytes=0-1', { from: 0, to: 2 }],
    ['bytes=1-', { from: 1, to: 10 }],
    ['bytes=-1', { from: 9, to: 10 }],
    ['bytes=-99', { from: 0, to: 10 }],
    ['bytes=5-99', { from: 5, to: 10 }],
    ['Bytes=9-9', { from: 9, to: 10 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=a-b', undefined],
  ];
  for (const [value, expected] of table) assert.deepEqual(byteRange(value, 10), expected, value);
  assert.equal(byteRange('bytes=0-', 0), 'unsatisfiable');
});

test('a range lies within the body and is not empty', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^bytes=\d{0,3}-\d{0,3}$/), fc.nat(200), (value, length) => {
      const range = byteRange(value, length);
      if (typeof range === 'object') assert.ok(0 <= range.from && range.from < range.to && range.to <= length, value);
    }),
  );
});
