import type { Clock, Timer } from '@dure/core';
import { kubernetesErrors } from './errors.ts';

/** How long a request may still take; its signal aborts when that is over, or when everything stops. */
export interface Patience {
  readonly signal: AbortSignal;
  /** From now on, at most this long, in milliseconds. */
  atMost(delayMs: number, what: string): void;
  /** No further: the request has ended. */
  end(): void;
  /** Why a request failed: because of this patience (KUBERNETES_UNREACHABLE), or as it says itself. */
  reasonOf(error: unknown): unknown;
}

/** Patience with one request. */
export function patience(clock: Clock, stopped: AbortSignal): Patience {
  const over = new AbortController();
  let timer: Timer | undefined;
  return {
    signal: AbortSignal.any([stopped, over.signal]),
    atMost(delayMs, what) {
      timer?.cancel();
      timer = clock.after(delayMs, () =>
        over.abort(kubernetesErrors.UNREACHABLE(`the API server was silent for ${delayMs} ms: ${what}`)),
      );
    },
    end: () => timer?.cancel(),
    reasonOf: (error) => (over.signal.aborted ? over.signal.reason : error),
  };
}
