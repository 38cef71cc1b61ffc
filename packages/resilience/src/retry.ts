import type { Attempt, Call, Clock, Operation, Random } from '@dure/core';
import { isDureError, isRefusal, mayRepeat, wait } from '@dure/core';
import type { Adjustable } from './adjustable.ts';
import { adjustable } from './adjustable.ts';
import { cancelled, targetOf } from './deadline.ts';
import { checkOption } from './options.ts';
import type { RetryBudget } from './retry-budget.ts';

/** How often and how fast. May change while running. */
export interface RetryLimits {
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: number | undefined;
  /** The shortest wait before a retry, in milliseconds. Default 20. */
  readonly baseMs?: number | undefined;
  /** The longest wait of our own choosing, in milliseconds. Default 1 000. */
  readonly capMs?: number | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one ends the retries. Default 5 000. */
  readonly longestPauseMs?: number | undefined;
}

/** What holds where a limit is left out. */
export const retryDefaults = { attempts: 3, baseMs: 20, capMs: 1_000, longestPauseMs: 5_000 } as const;

export interface RetryOptions extends RetryLimits {
  readonly clock: Clock;
  readonly random: Random;
  /** The budget of a target service, shared by everything that sends again: `retryBudgets({ clock })`. */
  readonly budget: (service: string) => RetryBudget;
  /** Which errors may pass if tried again. Default: those that call themselves `retryable`. Never a refusal. */
  readonly when?: (error: unknown) => boolean;
  readonly observe?: (event: RetryEvent) => void;
}

export type RetryEvent =
  | {
      readonly kind: 'retrying';
      readonly operation: Operation;
      /** The number of the attempt that comes next. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    }
  | {
      /** An error that is not for a retry: not retryable, or the operation may not be repeated. A refusal is an answer, and none. */
      readonly kind: 'not-retried';
      readonly operation: Operation;
      readonly attempts: number;
      readonly error: unknown;
    }
  | { readonly kind: 'recovered'; readonly operation: Operation; readonly attempts: number }
  | {
      readonly kind: 'gave-up';
      readonly operation: Operation;
      /** The number of attempts made. */
      readonly attempts: number;
      readonly why: 'attempts' | 'budget' | 'deadline' | 'pause' | 'callers-budget';
      readonly error: unknown;
    };

/**
 * Sends again what may be sent again: operations that the contract calls idempotent (or that carry an
 * `Idempotency-Key`), and anything that never left this process (`details.sent === false`); after errors that are
 * `retryable`, never after a refusal. It gives up with the last error when attempts, budget or time are used up.
 *
 * Waits grow by decorrelated jitter (Marc Brooker, AWS, 2015): random between base and three times the last wait. The
 * first wait is random below base when nothing was sent to an instance that is named: the next attempt goes to another,
 * which has done nothing to be spared (gRPC's transparent retry, but within the budget). An error's
 * `details.retryAfterMs` is honoured wherever the next attempt goes, for it speaks of the service (RFC 9110 §10.2.3);
 * `details.instance` is added to `call.attempt.tried`, so that the balancer goes elsewhere. Downstream, a first attempt
 * allows one retry fewer than was allowed here, a retry none; and a request fills the budget only by the share of retries
 * that its callers allow. So a chain of hops that all fail sends 1.2 and 0.13 and 0.07 of the requests, not 1.2 × 1.2 × 1.2.
 *
 * @example
 * retry({ clock, random, budget: retryBudgets({ clock }), attempts: 3 })
 */
export function retry<In, Out>(options: RetryOptions): Adjustable<In, Out, RetryLimits> {
  const { clock, random, budget, when = isRetryable, observe, ...limits } = options;
  return adjustable<In, Out, RetryLimits>(limits, checkRetryLimits, (current) => (next) => async (input, call) => {
    const { attempts = retryDefaults.attempts, baseMs = retryDefaults.baseMs } = current();
    const callersLeft = call.attempt.budgetLeft ?? attempts;
    const target = budget(targetOf(call.operation));
    target.deposit(Math.min(callersLeft / attempts, 1));
    const most = Math.min(attempts, 1 + callersLeft);
    let attempt: Attempt = { number: 1, tried: [], budgetLeft: Math.max(Math.min(attempts, callersLeft) - 1, 0) };
    let lastDelayMs = baseMs;
    for (;;) {
      try {
        const output = await next(input, call.with({ attempt }));
        if (attempt.number > 1) observe?.({ kind: 'recovered', operation: call.operation, attempts: attempt.number });
        return output;
      } catch (error) {
        if (isRefusal(error)) throw error;
        if (!when(error) || !repeatable(call, error)) {
          if (!call.signal.aborted)
            observe?.({ kind: 'not-retried', operation: call.operation, attempts: attempt.number, error });
          throw error;
        }
        const made = { number: attempt.number, most, lastDelayMs, error };
        const delayMs = plan(options, current(), call, made, target);
        if (delayMs === undefined) throw error;
        observe?.({ kind: 'retrying', operation: call.operation, attempt: attempt.number + 1, delayMs, error });
        if (!(await wait(clock, delayMs, call.signal))) throw cancelled(call);
        lastDelayMs = Math.max(delayMs, baseMs);
        const failed = [...(attempt.failed ?? []), error];
        attempt = { number: attempt.number + 1, tried: withTried(attempt.tried, error), budgetLeft: 0, failed };
      }
    }
  });
}

interface Made {
  readonly number: number;
  readonly most: number;
  readonly lastDelayMs: number;
  readonly error: unknown;
}

/** How long to wait before the next attempt; undefined when there is to be none. */
function plan(
  { clock, random, observe }: RetryOptions,
  limits: RetryLimits,
  call: Call,
  { number, most, lastDelayMs, error }: Made,
  budget: RetryBudget,
): number | undefined {
  const { attempts, baseMs, capMs, longestPauseMs } = complete(limits);
  const giveUp = (why: (RetryEvent & { readonly kind: 'gave-up' })['why']) =>
    void observe?.({ kind: 'gave-up', operation: call.operation, attempts: number, why, error });
  if (call.signal.aborted) return undefined;
  if (number >= most) return giveUp(most < attempts ? 'callers-budget' : 'attempts');
  const pauseMs = retryAfterMs(error);
  if (pauseMs > longestPauseMs) return giveUp('pause');
  const jitteredMs =
    number === 1 && isUntouched(error)
      ? random.next() * baseMs
      : Math.min(capMs, baseMs + random.next() * (Math.max(lastDelayMs * 3, baseMs) - baseMs));
  const delayMs = Math.max(jitteredMs, pauseMs);
  if (call.deadline - clock.now() <= delayMs) return giveUp('deadline');
  if (!budget.withdraw()) return giveUp('budget');
  return delayMs;
}

/** RESILIENCE_OPTION_INVALID when something makes no sense. */
export function checkRetryLimits(limits: RetryLimits): void {
  const { attempts, baseMs, capMs, longestPauseMs } = complete(limits);
  checkOption('retry', 'attempts', attempts, 1, 100);
  checkOption('retry', 'baseMs', baseMs, 0, Number.POSITIVE_INFINITY);
  checkOption('retry', 'capMs', capMs, baseMs, Number.POSITIVE_INFINITY);
  checkOption('retry', 'longestPauseMs', longestPauseMs, 0, Number.POSITIVE_INFINITY);
}

function complete({
  attempts = retryDefaults.attempts,
  baseMs = retryDefaults.baseMs,
  capMs = retryDefaults.capMs,
  longestPauseMs = retryDefaults.longestPauseMs,
}: RetryLimits) {
  return { attempts, baseMs, capMs, longestPauseMs };
}

function isRetryable(error: unknown): boolean {
  return isDureError(error) && error.retryable;
}

function repeatable(call: Call, error: unknown): boolean {
  return detailOf(error, 'sent') === false || mayRepeat(call.operation, call.idempotencyKey);
}

/** Whether an instance was meant and nothing was sent to it: no connection, or its circuit breaker is open. */
function isUntouched(error: unknown): boolean {
  return detailOf(error, 'sent') === false && typeof detailOf(error, 'instance') === 'string';
}

function retryAfterMs(error: unknown): number {
  const value = detailOf(error, 'retryAfterMs');
  return typeof value === 'number' && value > 0 ? value : 0;
}

function withTried(tried: readonly string[], error: unknown): readonly string[] {
  const instance = detailOf(error, 'instance');
  return typeof instance === 'string' && !tried.includes(instance) ? [...tried, instance] : tried;
}

function detailOf(error: unknown, detail: string): unknown {
  return isDureError(error) ? error.details[detail] : undefined;
}
