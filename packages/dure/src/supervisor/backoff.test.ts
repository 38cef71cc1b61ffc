import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { backoff } from './backoff.ts';

test('delays double from the base up to the cap, each between half and all of it', () => {
  const delays = backoff(seededRandom(1), { baseMs: 200, capMs: 3_000 });
  const seen = Array.from({ length: 8 }, () => delays.next(0));
  const longest = [200, 400, 800, 1_600, 3_000, 3_000, 3_000, 3_000];
  for (const [index, delay] of seen.entries()) {
    const most = longest[index] ?? 0;
    assert.ok(delay >= most / 2 && delay <= most, `delay ${index} is ${delay}, of at most ${most}`);
  }
  assert.equal(delays.crashes, 8);
});

test('two crash loops do not fall into step', () => {
  const [one, other] = [backoff(seededRandom(1)), backoff(seededRandom(2))];
  const delays = (of: typeof one) => Array.from({ length: 6 }, () => of.next(0));
  assert.notDeepEqual(delays(one), delays(other));
});

test('a process that ran for long starts over at the base', () => {
  const delays = backoff(seededRandom(1), { baseMs: 200, stableMs: 30_000 });
  for (let crash = 0; crash < 5; crash += 1) delays.next(100);
  assert.ok(delays.next(30_000) <= 200);
  assert.equal(delays.crashes, 1);
});

test('a crash loop of a day does not overflow', () => {
  const delays = backoff(seededRandom(1));
  for (let crash = 0; crash < 10_000; crash += 1) assert.ok(delays.next(0) <= 10_000);
});
