import type { Random } from '@dure/core';

export interface BackoffOptions {
  /** The longest first delay, in milliseconds. Default 200. */
  readonly baseMs?: number;
  /** The longest delay at all, in milliseconds. Default 10 000. */
  readonly capMs?: number;
  /** Having run for this long, in milliseconds, a process starts over at the first delay. Default 30 000. */
  readonly stableMs?: number;
}

/** Decides how long a crashed process waits before it starts again. */
export interface Backoff {
  /** The delay before the next start, in milliseconds, after a run that lasted `ranMs`. */
  next(ranMs: number): number;
  /** How many crashes in a row there were. */
  readonly crashes: number;
}

/**
 * Exponential back-off with equal jitter, between half and all of the exponential delay: a crash loop can neither burn
 * the machine nor fall into step with others. Source: M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
 */
export function backoff(
  random: Random,
  { baseMs = 200, capMs = 10_000, stableMs = 30_000 }: BackoffOptions = {},
): Backoff {
  let crashes = 0;
  return {
    next(ranMs) {
      crashes = ranMs >= stableMs ? 1 : crashes + 1;
      const longest = Math.min(capMs, baseMs * 2 ** Math.min(crashes - 1, 30));
      return Math.round(longest / 2 + (random.next() * longest) / 2);
    },
    get crashes() {
      return crashes;
    },
  };
}
