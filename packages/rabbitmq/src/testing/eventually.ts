import { systemClock, wait } from '@dure/core';

const patienceMs = 15_000;

/** Does something again until it does not fail. */
export async function eventually(work: () => Promise<void>): Promise<void> {
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
