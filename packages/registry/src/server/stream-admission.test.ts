import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { StreamAdmission } from './stream-admission.ts';

test('a herd of 500 that comes at once spreads: no second takes more than a tenth', () => {
  const admission = new StreamAdmission(fakeClock(), 30, 20);
  const perSecond = new Map<number, number>();
  for (let client = 0; client < 500; client += 1) {
    const second = Math.floor(admission.turn() / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  const most = Math.max(...perSecond.values());
  assert.ok(most <= 50, `${most} of 500 in one second`);
  assert.ok(perSecond.size <= 18, `the last one waits ${perSecond.size} s`);
});

test('a few come in at once, and after a quiet time a few again', async () => {
  const clock = fakeClock();
  const admission = new StreamAdmission(clock, 30, 20);
  for (let round = 0; round < 3; round += 1) {
    const waits = Array.from({ length: 21 }, () => admission.turn());
    assert.deepEqual(waits.slice(0, 20), Array(20).fill(0));
    assert.ok((waits[20] ?? 0) > 0);
    await clock.advance(10_000);
  }
});
