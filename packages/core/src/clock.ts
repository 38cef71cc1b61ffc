/** A timer that was set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** Time as a port: algorithms never ask the machine. */
export interface Clock {
  /** Wall time in epoch milliseconds: for stamps and deadlines. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back: for durations. */
  monotonicMs(): number;
  /** Runs `fire` once, after `delayMs`. A timer does not keep the process alive unless `keepAlive` is set. */
  after(delayMs: number, fire: () => void, options?: { readonly keepAlive?: boolean }): Timer;
}

const longestDelayMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fire, options) {
    const handle: unknown = setTimeout(fire, Math.min(Math.max(delayMs, 0), longestDelayMs));
    if (options?.keepAlive !== true && canUnref(handle)) handle.unref();
    return { cancel: () => clearTimeout(handle as Parameters<typeof clearTimeout>[0]) };
  },
};

/**
 * Waits on a clock. Resolves true when the time has passed and false, at once, when `signal` aborts:
 * whoever waits decides what an abort means.
 */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const aborted = () => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.after(
      delayMs,
      () => {
        signal?.removeEventListener('abort', aborted);
        resolve(true);
      },
      { keepAlive: true },
    );
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

function canUnref(handle: unknown): handle is { unref(): void } {
  return typeof handle === 'object' && handle !== null && 'unref' in handle;
}
