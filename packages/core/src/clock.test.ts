import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, wait } from './clock.ts';
import { fakeClock } from './testing/index.ts';

test('a fake clock fires timers in order of their time, also those set on the way', async () => {
  const clock = fakeClock();
  const fired: string[] = [];
  clock.after(20, () => fired.push('b'));
  clock.after(10, () => {
    fired.push('a');
    clock.after(5, () => fired.push('a2'));
  });
  const cancelled = clock.after(15, () => fired.push('never'));
  cancelled.cancel();
  await clock.advance(30);
  assert.deepEqual(fired, ['a', 'a2', 'b']);
  assert.equal(clock.pending, 0);
});

test('a fake clock jumps in wall time alone', async () => {
  const clock = fakeClock(1_000);
  let fired = 0;
  clock.after(10, () => {
    fired += 1;
  });
  clock.jump(3_600_000);
  assert.deepEqual([clock.now(), clock.monotonicMs(), fired], [3_601_000, 0, 0]);
  clock.jump(-7_200_000);
  await clock.advance(10);
  assert.deepEqual([clock.now(), clock.monotonicMs(), fired], [-3_598_990, 10, 1]);
});

test('waiting ends with the time, or at once and with false when the signal aborts', async () => {
  const clock = fakeClock();
  const waited = wait(clock, 100);
  await clock.advance(100);
  assert.equal(await waited, true);
  const controller = new AbortController();
  const abandoned = wait(clock, 100, controller.signal);
  controller.abort();
  assert.equal(await abandoned, false);
  assert.equal(clock.pending, 0);
  assert.equal(await wait(systemClock, 1_000, AbortSignal.abort()), false);
});
