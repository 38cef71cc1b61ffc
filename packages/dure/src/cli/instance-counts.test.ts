import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { readCounts } from './instance-counts.ts';

test('numbers of processes are written `<service>=<n>`', () => {
  assert.deepEqual(readCounts(['order=3', 'user-2=1']), { order: 3, 'user-2': 1 });
  assert.deepEqual(readCounts([]), {});
});

for (const [written, pattern] of [
  [['order'], /"order" does not say how many .* `order=3`/],
  [['order=many'], /"order=many" does not say/],
  [['order=-1'], /does not say/],
  [['=2'], /does not say/],
  [['order=1', 'order=2'], /"order" was given twice/],
] as const) {
  test(`${written.join(' ')} is refused`, () => {
    assert.throws(
      () => readCounts(written),
      (error) => codeOf(error) === 'DURE_USAGE' && pattern.test(String(error)),
    );
  });
}
