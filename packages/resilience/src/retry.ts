import type { Attempt, Call, Clock, DureError, Layer, Operation, Random } from '@dure/core';
import { isDureError, mayRepeat, wait } from '@dure/core';
import { cancelled } from './deadline.ts';
import { checkOption } from './options.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The budget of a target service, shared by everything that sends again: `retryBudgets({ clock })`. */
  readonly budget: (service: string) => RetryBudget;
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: number;
  /** The shortest wait before a retry, in milliseconds. Default 20. */
  readonly baseMs?: number;
  /** The longest wait of our own choosing, in milliseconds. Default 1 000. */
  readonly capMs?: number;
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one ends the retries. Default 5 000. */
  readonly longestPauseMs?: number;
  readonly observe?: (event: RetryEvent) => void;
}

export type RetryEvent =
  | {
      readonly kind: 'retrying';
      readonly operation: Operation;
      /** The number of the attempt that comes next. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: DureError;
    }
  | {
      readonly kind: 'gave-up';
      readonly operation: Operation;
      /** The number of attempts made. */
      readonly attempts: number;
      readonly why: 'attempts' | 'budget' | 'deadline' | 'pause' | 'callers-budget';
      readonly error: DureError;
    };

/**
 * Sends again what may be sent again: operations that the contract calls idempotent (or that carry an
 * `Idempotency-Key`), and anything that never left this process (`details.sent === false`); after errors that are
 * `retryable`, never after a refusal. It gives up with the last error when attempts, budget or time are used up.
 *
 * Waits grow by decorrelated jitter (Marc Brooker, AWS, 2015): random between base and three times the last wait. An
 * error's `details.retryAfterMs` is honoured; `details.instance` is added to `call.attempt.tried`, so that the
 * balancer goes elsewhere. Downstream, the first attempt allows `attempts - 1` retries and a retry allows none, so
 * that retries of several hops do not multiply.
 *
 * @example
 * retry({ clock, random, budget: retryBudgets({ clock }), attempts: 3 })
 */
export function retry<In, Out>(options: RetryOptions): Layer<In, Out> {
  const { budget, attempts = 3, baseMs = 20, capMs = 1_000 } = options;
  checkOption('retry', 'attempts', attempts, 1, 100);
  checkOption('retry', 'baseMs', baseMs, 0, Number.POSITIVE_INFINITY);
  checkOption('retry', 'capMs', capMs, baseMs, Number.POSITIVE_INFINITY);
  return (next) => async (input, call) => {
    const target = budget(call.operation.service);
    target.deposit();
    const most = Math.min(attempts, 1 + (call.attempt.budgetLeft ?? attempts));
    let attempt: Attempt = { number: 1, tried: [], budgetLeft: most - 1 };
    let lastDelayMs = baseMs;
    for (;;) {
      try {
        return await next(input, call.with({ attempt }));
      } catch (error) {
        if (!isDureError(error) || !error.retryable || !repeatable(call, error)) throw error;
        const delayMs = plan(options, call, attempt.number, most, lastDelayMs, error, target);
        if (delayMs === undefined) throw error;
        options.observe?.({
          kind: 'retrying',
          operation: call.operation,
          attempt: attempt.number + 1,
          delayMs,
          error,
        });
        if (!(await wait(options.clock, delayMs, call.signal))) throw cancelled(call);
        lastDelayMs = Math.max(delayMs, baseMs);
        attempt = { number: attempt.number + 1, tried: withTried(attempt.tried, error), budgetLeft: 0 };
      }
    }
  };
}

/** How long to wait before the next attempt; undefined when there is to be none. */
function plan(
  options: RetryOptions,
  call: Call,
  made: number,
  most: number,
  lastDelayMs: number,
  error: DureError,
  budget: RetryBudget,
): number | undefined {
  const { clock, random, attempts = 3, baseMs = 20, capMs = 1_000, longestPauseMs = 5_000, observe } = options;
  const giveUp = (why: (RetryEvent & { readonly kind: 'gave-up' })['why']) =>
    void observe?.({ kind: 'gave-up', operation: call.operation, attempts: made, why, error });
  if (call.signal.aborted) return undefined;
  if (made >= most) return giveUp(most < attempts ? 'callers-budget' : 'attempts');
  const pauseMs = retryAfterMs(error);
  if (pauseMs > longestPauseMs) return giveUp('pause');
  const jitteredMs = Math.min(capMs, baseMs + random.next() * (Math.max(lastDelayMs * 3, baseMs) - baseMs));
  const delayMs = Math.max(jitteredMs, pauseMs);
  if (call.deadline - clock.now() <= delayMs) return giveUp('deadline');
  if (!budget.withdraw()) return giveUp('budget');
  return delayMs;
}

function repeatable(call: Call, error: DureError): boolean {
  return error.details.sent === false || mayRepeat(call.operation, call.idempotencyKey);
}

function retryAfterMs(error: DureError): number {
  const value = error.details.retryAfterMs;
  return typeof value === 'number' && value > 0 ? value : 0;
}

function withTried(tried: readonly string[], error: DureError): readonly string[] {
  const instance = error.details.instance;
  return typeof instance === 'string' && !tried.includes(instance) ? [...tried, instance] : tried;
}
