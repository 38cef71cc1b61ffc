import type { Call, Clock, DureError, Layer } from '@dure/core';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';

export interface DeadlineOptions {
  readonly clock: Clock;
  /** The deadline, in milliseconds from now, of a call that has none. Default: it stays without. */
  readonly defaultMs?: number;
}

/**
 * Does not begin what nobody waits for: fails at once with RESILIENCE_DEADLINE_EXCEEDED when no time is left and with
 * RESILIENCE_CANCELLED when the caller has gone. It sets no timer; `timeout()` ends what is under way.
 *
 * @example
 * stack(deadline({ clock, defaultMs: 10_000 }), retry({ … }), timeout({ clock }))
 */
export function deadline<In, Out>({ clock, defaultMs }: DeadlineOptions): Layer<In, Out> {
  if (defaultMs !== undefined) checkOption('deadline', 'defaultMs', defaultMs, 1, Number.POSITIVE_INFINITY);
  return (next) => (input, call) => {
    if (call.signal.aborted) return Promise.reject(cancelled(call));
    if (call.deadline === Number.POSITIVE_INFINITY) {
      return next(input, defaultMs === undefined ? call : call.with({ deadline: clock.now() + defaultMs }));
    }
    const leftMs = call.deadline - clock.now();
    return leftMs > 0 ? next(input, call) : Promise.reject(deadlineExceeded(call, leftMs));
  };
}

/** The error of a call whose deadline has passed. */
export function deadlineExceeded(call: Call, leftMs: number): DureError {
  const name = nameOf(call);
  const late = leftMs < 0 ? `${Math.ceil(-leftMs)} ms ago` : 'just now';
  return resilienceErrors.DEADLINE_EXCEEDED(`${name}: the caller's deadline passed ${late}`, {
    details: { operation: name, deadline: call.deadline },
  });
}

/** The error of a call whose caller has gone. */
export function cancelled(call: Call): DureError {
  const name = nameOf(call);
  return resilienceErrors.CANCELLED(`${name}: the caller has gone`, {
    cause: call.signal.reason,
    details: { operation: name },
  });
}

/** How messages name the operation of a call: `inventory.reserve`. */
export function nameOf({ operation }: Call): string {
  return operation.service === '' ? operation.name || 'the call' : `${operation.service}.${operation.name}`;
}
