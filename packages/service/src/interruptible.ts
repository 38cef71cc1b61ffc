/** What `wait` answers once the signal has aborted. */
export const interrupted: unique symbol = Symbol('interrupted');

/** Waits for one thing after another, each only until a signal aborts. */
export interface Interruptible {
  wait<T>(promise: Promise<T>): Promise<T | typeof interrupted>;
  /** Forgets the signal. */
  end(): void;
}

/** Unlike `Promise.race` with one promise for the signal, this holds on to nothing that is over, however long it goes on. */
export function interruptible(signal: AbortSignal): Interruptible {
  let interrupt: (() => void) | undefined;
  const onAbort = () => interrupt?.();
  signal.addEventListener('abort', onAbort);
  return {
    wait(promise) {
      if (signal.aborted) {
        promise.catch(() => {}); // nobody waits for it any more
        return Promise.resolve(interrupted);
      }
      return new Promise((resolve, reject) => {
        interrupt = () => resolve(interrupted);
        promise.then(resolve, reject);
      });
    },
    end: () => signal.removeEventListener('abort', onAbort),
  };
}
