import type { Clock } from '@dure/core';
import { byKey } from './by-key.ts';
import { checkOption } from './options.ts';

export interface RetryBudgetOptions {
  readonly clock: Clock;
  /** Retries allowed for each request, 0 to 1. Default 0.2. */
  readonly ratio?: number;
  /** Retries per second that are always allowed, so that a quiet client may retry too. Default 10. */
  readonly perSecond?: number;
  /** How long a request counts, in milliseconds. Default 10 000. */
  readonly windowMs?: number;
}

/** Limits retries to a share of requests, so that retries cannot keep an overloaded service down. */
export interface RetryBudget {
  /** A request was made; `share`, 0 to 1, when its callers allow only so many of the usual retries. Default 1. */
  deposit(share?: number): void;
  /** Takes a retry out of the budget; false when there is none. */
  withdraw(): boolean;
}

/** The budget of each target service. */
export interface RetryBudgets {
  (service: string): RetryBudget;
  /** Those in use, by the names of their services. */
  all(): readonly NamedBudget[];
}

/** A budget and the service that it is for. */
export interface NamedBudget extends RetryBudget {
  readonly kind: 'retry';
  readonly name: string;
}

const slices = 10;

/**
 * A leaky token bucket after Finagle's `RetryBudget`: each request deposits `ratio` of a retry, which expires after the
 * window; a reserve of `perSecond` × window is always there. Constant memory, constant time.
 */
export function retryBudget(options: RetryBudgetOptions): RetryBudget {
  const { clock, ratio = 0.2, perSecond = 10, windowMs = 10_000 } = options;
  checkOption('retryBudget', 'ratio', ratio, 0, 1);
  checkOption('retryBudget', 'perSecond', perSecond, 0, Number.POSITIVE_INFINITY);
  checkOption('retryBudget', 'windowMs', windowMs, 10, Number.POSITIVE_INFINITY);
  const reserve = (perSecond * windowMs) / 1000;
  const sliceMs = windowMs / slices;
  const balance = new Float64Array(slices);
  let sum = 0;
  let current = Math.floor(clock.monotonicMs() / sliceMs);
  const turn = () => {
    const slice = Math.floor(clock.monotonicMs() / sliceMs);
    if (slice === current) return;
    if (slice - current >= slices) balance.fill(0);
    else for (let next = current + 1; next <= slice; next += 1) balance[next % slices] = 0;
    current = slice;
    sum = 0;
    for (const amount of balance) sum += amount;
  };
  const put = (amount: number) => {
    const at = current % slices;
    balance[at] = (balance[at] ?? 0) + amount;
    sum += amount;
  };
  return {
    deposit(share = 1) {
      turn();
      put(ratio * share);
    },
    withdraw() {
      turn();
      if (sum + reserve < 1 - 1e-9) return false;
      put(-1);
      return true;
    },
  };
}

/**
 * One budget for each target service, made when first asked for. A client holds one of these; hand it to every layer
 * that sends something again.
 */
export function retryBudgets(options: RetryBudgetOptions): RetryBudgets {
  const budgets = byKey((name) => ({ kind: 'retry' as const, name, ...retryBudget(options) }));
  return Object.assign((service: string) => budgets.of(service), { all: budgets.all });
}
