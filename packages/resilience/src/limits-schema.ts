import type { Schema, SchemaIssue } from '@dure/core';
import { isDureError, messageOf } from '@dure/core';
import type { BreakerLimits } from './breaker-limits.ts';
import { breakerDefaults, breakerSettings } from './breaker-limits.ts';
import type { RetryLimits } from './retry.ts';
import { checkRetryLimits, retryDefaults } from './retry.ts';
import type { RetryBudgetLimits } from './retry-budget.ts';
import { budgetSettings, retryBudgetDefaults } from './retry-budget.ts';
import type { TimeoutLimits } from './timeout.ts';
import { checkTimeoutLimits } from './timeout.ts';

/** The limits of a caller that may change while running. */
export interface ResilienceLimits {
  readonly timeout?: TimeoutLimits;
  readonly retry?: RetryLimits;
  readonly retryBudget?: RetryBudgetLimits;
  readonly circuitBreaker?: BreakerLimits;
}

/** What a limit is, and what holds without it, if it is that simple. */
interface Limit {
  readonly type: 'number' | 'integer';
  readonly default?: number;
}

/** All limits of a policy that can be written down, and what they must be together. */
interface Policy<Limits> {
  readonly limits: { readonly [L in keyof Limits]-?: Limit };
  /** RESILIENCE_OPTION_INVALID when they make no sense. */
  readonly check: (limits: Limits) => unknown;
}

const number = (value?: number): Limit => ({ type: 'number', ...(value === undefined ? {} : { default: value }) });
const whole = (value: number): Limit => ({ type: 'integer', default: value });

const timeout: Policy<TimeoutLimits> = { limits: { limitMs: number() }, check: checkTimeoutLimits };

const retry: Policy<RetryLimits> = {
  limits: {
    attempts: whole(retryDefaults.attempts),
    baseMs: number(retryDefaults.baseMs),
    capMs: number(retryDefaults.capMs),
    longestPauseMs: number(retryDefaults.longestPauseMs),
  },
  check: checkRetryLimits,
};

const retryBudget: Policy<RetryBudgetLimits> = {
  limits: {
    ratio: number(retryBudgetDefaults.ratio),
    perSecond: number(retryBudgetDefaults.perSecond),
    windowMs: number(retryBudgetDefaults.windowMs),
  },
  check: budgetSettings,
};

const circuitBreaker: Policy<Omit<BreakerLimits, 'openMsFor'>> = {
  limits: {
    window: whole(breakerDefaults.window),
    windowMs: number(),
    minimumCalls: whole(breakerDefaults.minimumCalls),
    failureRatio: number(breakerDefaults.failureRatio),
    slowCallMs: number(),
    slowRatio: number(breakerDefaults.slowRatio),
    openMs: number(breakerDefaults.openMs),
    longestOpenMs: number(breakerDefaults.longestOpenMs),
    halfOpenCalls: whole(breakerDefaults.halfOpenCalls),
    halfOpenMs: number(breakerDefaults.halfOpenMs),
  },
  check: breakerSettings,
};

const policies = { timeout, retry, retryBudget, circuitBreaker };

/**
 * The schema of limits in a configuration, by the names of the options: `retry.attempts`, `circuitBreaker.failureRatio`.
 * What comes out names every limit, `undefined` where none is given: handed to `update`, it takes back whatever was set
 * before. What makes no sense is an issue with the code RESILIENCE_OPTION_INVALID.
 *
 * @example
 * const { value } = await loadConfig({ schema: limitsSchema, service: 'order', profiles: [], sources });
 * retries.update(value.retry ?? {});
 */
export const limitsSchema: Schema<unknown, ResilienceLimits> = {
  '~standard': {
    version: 1,
    vendor: 'dure',
    validate(value) {
      const read = readRecord(value, [], Object.keys(policies));
      const limits: ResilienceLimits = {
        timeout: readLimits('timeout', timeout, read),
        retry: readLimits('retry', retry, read),
        retryBudget: readLimits('retryBudget', retryBudget, read),
        circuitBreaker: readLimits('circuitBreaker', circuitBreaker, read),
      };
      return read.issues.length > 0 ? { issues: read.issues } : { value: limits };
    },
    jsonSchema: { input: jsonSchema, output: jsonSchema },
  },
};

/** A record, and what was found wrong in it so far. */
interface Read {
  readonly record: Readonly<Record<string, unknown>>;
  readonly issues: SchemaIssue[];
}

function readRecord(value: unknown, path: readonly string[], known: readonly string[]): Read {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { record: {}, issues: [{ path, message: 'must be an object', code: 'invalid_type' }] };
  const record = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(record).filter((name) => !known.includes(name));
  const message = `unknown; known are ${known.join(', ')}`;
  return { record, issues: unknown.map((name) => ({ path: [...path, name], message, code: 'unknown' })) };
}

function readLimits<Limits>(name: string, { limits, check }: Policy<Limits>, { record, issues }: Read): Limits {
  const known: readonly [string, Limit][] = Object.entries(limits);
  const given = readRecord(
    record[name] ?? {},
    [name],
    known.map(([limit]) => limit),
  );
  const values = Object.fromEntries(known.map(([limit]) => [limit, given.record[limit]])) as Limits;
  for (const [limit, { type }] of known) {
    const value = given.record[limit];
    if (value === undefined || (type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'number')) continue;
    const message = `must be a ${type === 'integer' ? 'whole number' : 'number'}`;
    given.issues.push({ path: [name, limit], message, code: 'invalid_type' });
  }
  issues.push(...(given.issues.length > 0 ? given.issues : nonsense(name, () => check(values))));
  return values;
}

function nonsense(name: string, check: () => unknown): readonly SchemaIssue[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isDureError(error)) throw error;
    return [{ path: [name, String(error.details.option)], message: messageOf(error), code: error.code }];
  }
}

function jsonSchema(): Record<string, unknown> {
  const properties = Object.entries(policies).map(([name, { limits }]) => {
    return [name, { type: 'object', properties: limits, additionalProperties: false }];
  });
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}
