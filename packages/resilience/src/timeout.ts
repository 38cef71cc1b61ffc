import type { Call, CallEnd, Clock, DureError, Operation } from '@dure/core';
import type { Adjustable } from './adjustable.ts';
import { adjustable } from './adjustable.ts';
import { cancelled, deadlineExceeded, nameOf } from './deadline.ts';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';
import type { Expiring, Sweeper } from './sweeper.ts';
import { sweeper } from './sweeper.ts';

/** May change while running, for attempts that begin afterwards. */
export interface TimeoutLimits {
  /** The longest one attempt may take, in milliseconds, if that is shorter than the operation's own `timeoutMs`. */
  readonly limitMs?: number | undefined;
}

export interface TimeoutOptions extends TimeoutLimits {
  readonly clock: Clock;
  /** Is told of each attempt that took too long. */
  readonly observe?: (event: TimeoutEvent) => void;
}

export interface TimeoutEvent {
  readonly kind: 'timed-out';
  readonly operation: Operation;
  readonly afterMs: number;
}

/**
 * Ends one attempt after `operation.timeoutMs` (RESILIENCE_TIMEOUT, retryable) or at the call's deadline, whichever
 * comes first (RESILIENCE_DEADLINE_EXCEEDED), or when the caller leaves (RESILIENCE_CANCELLED). What is inside
 * learns of it by `call.signal`; the caller does not wait for it to obey.
 *
 * Cheap when all goes well: all attempts share one timer, and the signal is made only if somebody asks for it. A
 * handler that never does cannot be interrupted by a caller who leaves; it is still bounded by the time.
 *
 * @example
 * stack(retry({ … }), timeout({ clock }))(send)
 */
export function timeout<In, Out>({ clock, observe, ...limits }: TimeoutOptions): Adjustable<In, Out, TimeoutLimits> {
  const attempts = sweeper<TimedAttempt<Out>>(clock);
  return adjustable<In, Out, TimeoutLimits>(limits, checkTimeoutLimits, (current) => (next) => (input, call) => {
    if (call.signal.aborted) return Promise.reject(cancelled(call));
    const now = clock.now();
    const leftMs = call.deadline - now;
    if (leftMs <= 0) return Promise.reject(deadlineExceeded(call, leftMs));
    const allowedMs = Math.min(call.operation.timeoutMs, current().limitMs ?? Number.POSITIVE_INFINITY);
    const limitMs = Math.min(leftMs, allowedMs);
    if (limitMs === Number.POSITIVE_INFINITY) return next(input, call);
    return new Promise((resolve, reject) => {
      const attempt = new TimedAttempt<Out>(call, limitMs, clock.monotonicMs() + limitMs, attempts, resolve, reject);
      attempt.observe = observe;
      attempt.byDeadline = leftMs < allowedMs;
      attempts.add(attempt);
      try {
        next(input, call.with({ deadline: now + limitMs, signal: attempt })).then(
          (value) => attempt.succeed(value),
          (error: unknown) => attempt.fail(error),
        );
      } catch (error) {
        attempt.fail(error);
      }
    });
  });
}

/** RESILIENCE_OPTION_INVALID when something makes no sense. */
export function checkTimeoutLimits({ limitMs = Number.POSITIVE_INFINITY }: TimeoutLimits): void {
  checkOption('timeout', 'limitMs', limitMs, 1, Number.POSITIVE_INFINITY);
}

class TimedAttempt<Out> implements Expiring, CallEnd {
  readonly endsAt: number;
  readonly limitMs: number;
  observe: TimeoutOptions['observe'] = undefined;
  byDeadline = false;
  readonly #call: Call;
  readonly #attempts: Sweeper<TimedAttempt<Out>>;
  readonly #resolve: (value: Out) => void;
  readonly #reject: (error: unknown) => void;
  #controller: AbortController | undefined = undefined;
  #followers: (() => void)[] | undefined = undefined;
  #reason: DureError | undefined = undefined;
  #over = false;

  constructor(
    call: Call,
    limitMs: number,
    endsAt: number,
    attempts: Sweeper<TimedAttempt<Out>>,
    resolve: (value: Out) => void,
    reject: (error: unknown) => void,
  ) {
    this.#call = call;
    this.limitMs = limitMs;
    this.endsAt = endsAt;
    this.#attempts = attempts;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.follow(this.#abortSignal);
    }
    return this.#controller.signal;
  }

  /** Follows the caller from the moment somebody follows us. */
  follow(ended: () => void): void {
    if (this.#reason !== undefined) ended();
    if (this.#over) return;
    const isFirst = this.#followers === undefined;
    this.#followers ??= [];
    this.#followers.push(ended);
    if (isFirst) this.#call.follow(this.#abandoned);
  }

  unfollow(ended: () => void): void {
    const place = this.#followers?.indexOf(ended) ?? -1;
    if (place >= 0) this.#followers?.splice(place, 1);
  }

  expire(): void {
    this.observe?.({ kind: 'timed-out', operation: this.#call.operation, afterMs: this.limitMs });
    this.#abort(this.byDeadline ? deadlineExceeded(this.#call, 0) : timedOut(this.#call, this.limitMs));
  }

  succeed(value: Out): void {
    this.#end();
    this.#resolve(value);
  }

  fail(error: unknown): void {
    const left = !this.#over && this.#followers !== undefined && this.#call.signal.aborted;
    this.#end();
    this.#reject(left ? cancelled(this.#call) : error);
  }

  readonly #abandoned = (): void => this.#abort(cancelled(this.#call));
  readonly #abortSignal = (): void => this.#controller?.abort(this.#reason);

  #abort(reason: DureError): void {
    if (this.#over) return;
    this.#reason = reason;
    this.#end();
    this.#reject(reason);
    for (const ended of [...(this.#followers ?? [])]) ended();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempts.remove(this);
    if (this.#followers !== undefined) this.#call.unfollow(this.#abandoned);
  }
}

function timedOut(call: Call, limitMs: number): DureError {
  const name = nameOf(call);
  const { number: attempt, target } = call.attempt;
  return resilienceErrors.TIMEOUT(`${name}: no answer within ${Math.round(limitMs)} ms (attempt ${attempt})`, {
    details: {
      operation: name,
      timeoutMs: limitMs,
      attempt,
      ...(target === undefined ? {} : { instance: target.id }),
    },
  });
}
