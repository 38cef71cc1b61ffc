import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyCounts, percentile } from './latency-counts.ts';

test('percentiles are over all readers, to a tenth of a millisecond', () => {
  const [one, other, none] = [latencyCounts(), latencyCounts(), latencyCounts()];
  for (let ms = 1; ms <= 50; ms += 1) {
    one.note(ms);
    other.note(ms + 50.04);
  }
  assert.deepEqual([percentile([one, other, none], 0.5), percentile([one, other, none], 0.99)], [50, 99]);
  other.note(10_000_000);
  assert.equal(percentile([one, other], 1), 60_000);
  assert.equal(percentile([none], 0.5), 0);
});
