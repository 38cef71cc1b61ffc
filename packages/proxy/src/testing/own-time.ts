import { readFileSync } from 'node:fs';
import { systemClock } from '@dure/core';

/**
 * Milliseconds on the monotonic clock without those for which this thread could have run and another had the processor
 * (Linux, `proc_pid_schedstat(5)`; elsewhere all of them): how long something takes on a machine without neighbours.
 */
export function ownTimeMs(): number {
  return systemClock.monotonicMs() - waitedMs();
}

function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
