import type { Clock } from '@dure/core';
import { byKey } from './by-key.ts';
import { checkOption } from './options.ts';

/** How many retries there may be. May change while running. */
export interface RetryBudgetLimits {
  /** Retries allowed for each request, 0 to 1. Default 0.2. */
  readonly ratio?: number | undefined;
  /** Retries per second that are always allowed, so that a quiet client may retry too. Default 10. */
  readonly perSecond?: number | undefined;
  /** How long a request counts, in milliseconds. Default 10 000. */
  readonly windowMs?: number | undefined;
}

/** What holds where a limit is left out. */
export const retryBudgetDefaults = { ratio: 0.2, perSecond: 10, windowMs: 10_000 } as const;

export interface RetryBudgetOptions extends RetryBudgetLimits {
  readonly clock: Clock;
}

/** Limits retries to a share of requests, so that retries cannot keep an overloaded service down. */
export interface RetryBudget {
  /** A request was made; `share`, 0 to 1, when its callers allow only so many of the usual retries. Default 1. */
  deposit(share?: number): void;
  /** Takes a retry out of the budget; false when there is none. */
  withdraw(): boolean;
}

/** A budget whose limits may change while running. */
export interface AdjustableRetryBudget extends RetryBudget {
  /** What is left out stays; what is wrong is RESILIENCE_OPTION_INVALID and changes nothing. Another window begins empty. */
  update(limits: RetryBudgetLimits): void;
}

/** The budget of each target service. */
export interface RetryBudgets {
  (service: string): RetryBudget;
  /** Those in use, by the names of their services. */
  all(): readonly NamedBudget[];
  /** Changes the limits of every budget, and of those that are yet to be made. */
  update(limits: RetryBudgetLimits): void;
}

/** A budget and the service that it is for. */
export interface NamedBudget extends AdjustableRetryBudget {
  readonly kind: 'retry';
  readonly name: string;
}

const slices = 10;

/**
 * A leaky token bucket after Finagle's `RetryBudget`: each request deposits `ratio` of a retry, which expires after the
 * window; a reserve of `perSecond` × window is always there. Constant memory, constant time.
 */
export function retryBudget({ clock, ...initial }: RetryBudgetOptions): AdjustableRetryBudget {
  let limits: RetryBudgetLimits = initial;
  let { ratio, reserve, sliceMs } = budgetSettings(limits);
  const balance = new Float64Array(slices);
  let sum = 0;
  const sliceNow = () => Math.floor(clock.monotonicMs() / sliceMs);
  let current = sliceNow();
  const turn = () => {
    const slice = sliceNow();
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
    update(change) {
      const merged = { ...limits, ...change };
      const settings = budgetSettings(merged);
      const isOtherWindow = settings.sliceMs !== sliceMs;
      ({ ratio, reserve, sliceMs } = settings);
      limits = merged;
      if (!isOtherWindow) return;
      balance.fill(0);
      sum = 0;
      current = sliceNow();
    },
  };
}

/** Fills in the defaults; RESILIENCE_OPTION_INVALID when something makes no sense. */
export function budgetSettings(limits: RetryBudgetLimits) {
  const { ratio = retryBudgetDefaults.ratio, perSecond = retryBudgetDefaults.perSecond } = limits;
  const { windowMs = retryBudgetDefaults.windowMs } = limits;
  checkOption('retryBudget', 'ratio', ratio, 0, 1);
  checkOption('retryBudget', 'perSecond', perSecond, 0, Number.POSITIVE_INFINITY);
  checkOption('retryBudget', 'windowMs', windowMs, 10, Number.POSITIVE_INFINITY);
  return { ratio, reserve: (perSecond * windowMs) / 1_000, sliceMs: windowMs / slices };
}

/**
 * One budget for each target service, made when first asked for. A client holds one of these; hand it to every layer
 * that sends something again.
 */
export function retryBudgets({ clock, ...initial }: RetryBudgetOptions): RetryBudgets {
  let limits: RetryBudgetLimits = initial;
  const budgets = byKey((name) => ({ kind: 'retry' as const, name, ...retryBudget({ clock, ...limits }) }));
  const update = (change: RetryBudgetLimits) => {
    const merged = { ...limits, ...change };
    budgetSettings(merged);
    limits = merged;
    for (const budget of budgets.all()) budget.update(change);
  };
  return Object.assign((service: string) => budgets.of(service), { all: budgets.all, update });
}
