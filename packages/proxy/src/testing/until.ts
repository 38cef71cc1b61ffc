import assert from 'node:assert/strict';
import { systemClock, wait } from '@dure/core';

/** Waits until something is so; fails after five seconds, naming it. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  if (!(await within(5_000, isSo))) assert.fail(`waited five seconds in vain until ${what}`);
}

/** Whether something becomes so within a time. */
export async function within(limitMs: number, isSo: () => boolean): Promise<boolean> {
  const giveUpAt = systemClock.monotonicMs() + limitMs;
  while (!isSo()) {
    if (systemClock.monotonicMs() > giveUpAt) return false;
    await wait(systemClock, 2);
  }
  return true;
}
