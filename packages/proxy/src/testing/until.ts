import assert from 'node:assert/strict';
import { systemClock, wait } from '@dure/core';
import { ownTimeMs } from './own-time.ts';

/** Waits until something is so; fails after five seconds of this thread's own time, naming it. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  if (!(await within(5_000, isSo))) assert.fail(`waited five seconds in vain until ${what}`);
}

/** Whether something becomes so within a time, which is this thread's own: a busy machine fails nothing. */
export async function within(limitMs: number, isSo: () => boolean): Promise<boolean> {
  const giveUpAt = ownTimeMs() + limitMs;
  while (!isSo()) {
    if (ownTimeMs() > giveUpAt) return false;
    await wait(systemClock, 2);
  }
  return true;
}
