import type { Call, Clock, DureError, Operation } from '@dure/core';
import { isDureError } from '@dure/core';
import type { Adjustable } from './adjustable.ts';
import { adjustable } from './adjustable.ts';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';

/** May change while running. */
export interface DeadlineLimits {
  /** The deadline, in milliseconds from now, of a call that has none. Default: it stays without. */
  readonly defaultMs?: number;
}

export interface DeadlineOptions extends DeadlineLimits {
  readonly clock: Clock;
}

/**
 * Does not begin what nobody waits for: fails at once with RESILIENCE_DEADLINE_EXCEEDED when no time is left and with
 * RESILIENCE_CANCELLED when the caller has gone. It sets no timer; `timeout()` ends what is under way.
 *
 * @example
 * stack(deadline({ clock, defaultMs: 10_000 }), retry({ … }), timeout({ clock }))
 */
export function deadline<In, Out>({ clock, ...limits }: DeadlineOptions): Adjustable<In, Out, DeadlineLimits> {
  return adjustable<In, Out, DeadlineLimits>(limits, checkLimits, (current) => (next) => (input, call) => {
    if (call.signal.aborted) return Promise.reject(cancelled(call));
    if (call.deadline === Number.POSITIVE_INFINITY) {
      const { defaultMs } = current();
      return next(input, defaultMs === undefined ? call : call.with({ deadline: clock.now() + defaultMs }));
    }
    const leftMs = call.deadline - clock.now();
    return leftMs > 0 ? next(input, call) : Promise.reject(deadlineExceeded(call, leftMs));
  });
}

function checkLimits({ defaultMs = Number.POSITIVE_INFINITY }: DeadlineLimits): void {
  checkOption('deadline', 'defaultMs', defaultMs, 1, Number.POSITIVE_INFINITY);
}

/** The error of a call whose deadline has passed. */
export function deadlineExceeded(call: Call, leftMs: number): DureError {
  const name = nameOf(call);
  const late = leftMs < 0 ? `${Math.ceil(-leftMs)} ms ago` : 'just now';
  return resilienceErrors.DEADLINE_EXCEEDED(`${name}: the caller's deadline passed ${late}`, {
    details: { operation: name, deadline: call.deadline },
  });
}

/** The error of a call whose signal aborted: what a timeout or a shutdown further out gave as reason, else RESILIENCE_CANCELLED. */
export function cancelled(call: Call): DureError {
  const reason: unknown = call.signal.reason;
  if (isDureError(reason)) return reason;
  const name = nameOf(call);
  return resilienceErrors.CANCELLED(`${name}: the caller has gone`, {
    cause: reason,
    details: { operation: name },
  });
}

/** Whose budget and list an operation belongs to: its service, or itself when it has none. */
export function targetOf({ service, name }: Operation): string {
  return service || name;
}

/** How messages name the operation of a call: `inventory.reserve`. */
export function nameOf({ operation }: Pick<Call, 'operation'>): string {
  return operation.service === '' ? operation.name || 'the call' : `${operation.service}.${operation.name}`;
}
