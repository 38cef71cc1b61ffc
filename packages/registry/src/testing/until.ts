import assert from 'node:assert/strict';
import { systemClock, wait } from '@dure/core';

/** Waits until the condition holds, at most `withinMs`; returns how long it took. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<number> {
  const start = systemClock.monotonicMs();
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() - start < withinMs, `did not happen within ${withinMs} ms`);
    await wait(systemClock, 2);
  }
  return systemClock.monotonicMs() - start;
}
