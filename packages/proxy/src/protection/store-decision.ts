import { messageOf } from '@dure/core';
import type { RateAnswer, RateAsk, RateLimitStore } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';

/** What is done while a store of rate limits cannot tell: `allow`, `refuse`, or another store is asked. */
export type WhenUnknown = 'allow' | 'refuse' | RateLimitStore;

/** Goes on with what the store said; undefined when it could not tell and the request may pass. */
export type AfterDecision = (answers: readonly RateAnswer[] | undefined) => void | Promise<void>;

export interface StoreDecisionOptions {
  readonly store: RateLimitStore;
  readonly telemetry: Telemetry;
  readonly whenUnknown?: WhenUnknown;
}

/** A store that is away is one line in the log, however many requests it concerns. */
const quietMs = 10_000;

/**
 * Asks a store and goes on, at once when it answers at once. GATEWAY_LIMITS_UNKNOWN when it cannot tell and nothing else
 * is wanted.
 */
export function storeDecision(layer: string, { store, telemetry, whenUnknown = 'allow' }: StoreDecisionOptions) {
  const unknown = telemetry.metrics.counter(
    'dure_gateway_rate_limits_unknown',
    'Requests whose rate limit could not be told, by what was done instead',
  );
  let toldMs = Number.NEGATIVE_INFINITY;
  const instead = (exchange: Exchange, asks: readonly RateAsk[], error: unknown, goOn: AfterDecision) => {
    const action = typeof whenUnknown === 'string' ? whenUnknown : 'other store';
    const nowMs = exchange.engine.clock.monotonicMs();
    if (nowMs - toldMs >= quietMs) {
      telemetry.log.warn(`${layer}: the store of the rate limits cannot tell; meanwhile: ${action}`, { error });
      toldMs = nowMs;
    }
    unknown.add(1, { instead: action });
    exchange.note('limit', `the store cannot tell: ${messageOf(error)}; instead: ${action}`);
    if (whenUnknown === 'allow') return goOn(undefined);
    if (whenUnknown === 'refuse')
      throw gatewayErrors.LIMITS_UNKNOWN('the store of the rate limits cannot tell at the moment');
    const answers = whenUnknown.take(asks);
    return answers instanceof Promise ? answers.then(goOn) : goOn(answers);
  };
  return (exchange: Exchange, asks: readonly RateAsk[], goOn: AfterDecision): void | Promise<void> => {
    const answers = store.take(asks);
    if (!(answers instanceof Promise)) return goOn(answers);
    return answers.then(
      (told) => (exchange.isClosed ? undefined : goOn(told)),
      (error: unknown) => (exchange.isClosed ? undefined : instead(exchange, asks, error, goOn)),
    );
  };
}
