import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { refreshPauseMs } from './refresh-pause.ts';

const at = (next: number) => ({ ...seededRandom(1), next: () => next });

test('the pause is the interval, give or take a tenth', () => {
  assert.equal(refreshPauseMs(5_000, 0, at(0)), 4_500);
  assert.ok(Math.abs(refreshPauseMs(5_000, 0, at(1)) - 5_500) < 1e-6);
});

test('it doubles with each failure up to a minute, or the interval where that is longer', () => {
  const pauses = [0, 1, 2, 3, 4, 50].map((failures) => refreshPauseMs(5_000, failures, at(0.5)));
  assert.deepEqual(pauses, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  assert.equal(refreshPauseMs(90_000, 50, at(0.5)), 90_000);
});
