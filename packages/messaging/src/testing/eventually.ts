import { systemClock, wait } from '@dure/core';

/** Does something again until it does not fail, for so many milliseconds. */
export async function eventually(patienceMs: number, work: () => Promise<void>): Promise<void> {
  const giveUpAt = systemClock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (systemClock.monotonicMs() > giveUpAt) throw error;
      await wait(systemClock, 50);
    }
  }
}
