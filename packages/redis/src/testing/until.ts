import assert from 'node:assert/strict';
import { systemClock, wait } from '@dure/core';

/** Waits until something is so; fails after five seconds, naming it. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const giveUpAt = systemClock.monotonicMs() + 5_000;
  while (!isSo()) {
    if (systemClock.monotonicMs() > giveUpAt) assert.fail(`waited five seconds in vain until ${what}`);
    await wait(systemClock, 3);
  }
}
