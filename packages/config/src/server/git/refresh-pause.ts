import type { Random } from '@dure/core';

const longestPauseMs = 60_000;

/** How long a remote is left alone: give or take a tenth, so that servers do not ask at once; longer the longer it is away. */
export function refreshPauseMs(refreshMs: number, failures: number, random: Random): number {
  const pauseMs = Math.min(refreshMs * 2 ** Math.min(failures, 10), Math.max(longestPauseMs, refreshMs));
  return pauseMs * (0.9 + 0.2 * random.next());
}
