import type { Call, Clock } from '@dure/core';
import { timeLeftMs } from '@dure/core';
import type { Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';

/** Watches whether a call still wants what is done for it. */
export interface CallWatch {
  /** The promise's outcome, or, at once, the call's end. */
  orEnd<T>(promise: Promise<T>): Promise<T>;
  /** Stops watching; returns the error of a call that has ended. */
  stop(): Error | undefined;
}

/** Gives the connection up as soon as the caller leaves or the deadline passes. */
export function watchCall(call: Call, clock: Clock, connection: Connection, name: string): CallWatch {
  let ended: Error | undefined;
  let reject: (error: Error) => void = () => undefined;
  const over = new Promise<never>((_, fail) => {
    reject = fail;
  });
  over.catch(() => undefined);
  const endBy = (error: Error) => {
    ended = error;
    connection.abandon();
    reject(error);
  };
  const aborted = () => endBy(postgresErrors.CANCELLED(`the caller left; ${name} was rolled back`));
  const leftMs = timeLeftMs(call, clock);
  const timer = Number.isFinite(leftMs)
    ? clock.after(leftMs, () => endBy(postgresErrors.DEADLINE(`the deadline passed; ${name} was rolled back`)))
    : undefined;
  call.signal.addEventListener('abort', aborted, { once: true });
  return {
    orEnd: (promise) => Promise.race([promise, over]),
    stop() {
      timer?.cancel();
      call.signal.removeEventListener('abort', aborted);
      return ended;
    },
  };
}
