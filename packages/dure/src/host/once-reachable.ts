import type { Clock } from '@dure/core';
import { isDureError, wait } from '@dure/core';

const patienceMs = 20_000;
const pauseMs = 100;

/**
 * Does what a service cannot start without, and again while that fails for a moment, as when its database is coming back from the
 * same failure: a process that ended instead would need seconds more than the database. Only for what may be repeated.
 */
export async function onceReachable<Result>(work: () => Promise<Result>, clock: Clock): Promise<Result> {
  const until = clock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDureError(error) || !error.retryable || clock.monotonicMs() >= until) throw error;
      await wait(clock, pauseMs);
    }
  }
}
