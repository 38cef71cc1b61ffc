import type { Clock } from '@dure/core';

/** Epoch milliseconds with microseconds as the fraction, so that spans within one millisecond keep their order. */
export interface WallTime {
  now(): number;
  /** Follows the machine's clock again if it was set; called now and then. */
  adjust(): void;
}

const toleratedMs = 5;

/** Takes the epoch from the clock once and the course of time from its monotonic counter. */
export function wallTime(clock: Clock): WallTime {
  let origin = clock.now() - clock.monotonicMs();
  return {
    now: () => origin + clock.monotonicMs(),
    adjust() {
      const current = clock.now() - clock.monotonicMs();
      if (Math.abs(current - origin) > toleratedMs) origin = current;
    },
  };
}
