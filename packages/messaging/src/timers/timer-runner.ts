import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { TimerStore } from './timer-store.port.ts';

export interface TimerRunnerOptions {
  readonly store: TimerStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * The longest sleep between two looks, in milliseconds: what a timer that another process has set may be late at most.
   * Default 1 000.
   */
  readonly pollMs?: number;
}

/** Sends what was put off, until it is closed. */
export interface TimerRunner extends AsyncDisposable {
  /** Lets the look at hand end. Idempotent. */
  close(): Promise<void>;
}

const atOnce = 100;
const longestPauseMs = 30_000;

/**
 * Sends the messages of timers when they are due. Every process of a service may do it: each timer is sent once.
 *
 * @example
 * await using timers = startTimers({ store: db.timers, clock, telemetry });
 */
export function startTimers(options: TimerRunnerOptions): TimerRunner {
  const stop = new AbortController();
  const done = run(options, stop.signal);
  const close = async () => {
    stop.abort();
    await done;
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function run({ store, clock, telemetry, pollMs = 1_000 }: TimerRunnerOptions, stop: AbortSignal): Promise<void> {
  const count = telemetry.metrics.counter('messaging_timers_fired', 'Messages that were put off and have been sent');
  let failures = 0;
  let rung = false;
  let wake = new AbortController();
  const ring = () => {
    rung = true;
    wake.abort();
  };
  const unsubscribe = store.onSchedule(ring);
  stop.addEventListener('abort', ring, { once: true });
  while (!stop.aborted) {
    let pauseMs = pollMs;
    rung = false;
    try {
      const { fired, nextAt } = await store.fire(atOnce);
      if (fired > 0) count.add(fired);
      failures = 0;
      if (fired === atOnce) continue;
      pauseMs = Math.min(Math.max((nextAt ?? Number.POSITIVE_INFINITY) - clock.now(), 0), pollMs);
    } catch (error) {
      failures += 1;
      pauseMs = Math.min(pollMs * 2 ** failures, longestPauseMs);
      if ((failures & (failures - 1)) === 0) telemetry.log.warn('the timers cannot be read at the moment', { error });
    }
    if (rung && failures === 0) continue;
    wake = new AbortController();
    await wait(clock, pauseMs, wake.signal);
  }
  unsubscribe();
}
