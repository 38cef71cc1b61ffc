import type { RateLimit, RateLimitStore } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import { WithFields } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import type { LimitKey } from './limit-key.ts';
import { keyReader } from './limit-key.ts';
import { demandNumber } from './protection-setting.ts';
import { storeDecision } from './store-decision.ts';

/** The arguments of Spring Cloud Gateway's `RequestRateLimiter`, with its defaults. */
export interface RequestRateLimiterOptions {
  /** Accounts are kept for each route and key. */
  readonly routeId: string;
  /** Tokens a second. */
  readonly replenishRate: number;
  /** The most tokens there can be. 0 lets nothing through. Default 1. */
  readonly burstCapacity?: number;
  /** Tokens of a request; more than the capacity lets nothing through. Default 1. */
  readonly requestedTokens?: number;
  /** Default: the principal's name, `subject`. */
  readonly keyResolver?: LimitKey;
  /** Whether a request without a key is refused; else it is not limited. Default true. */
  readonly denyEmptyKey?: boolean;
  /** What a request without a key is answered with. Default 403. */
  readonly emptyKeyStatus?: number;
  /** What too much is answered with. Default 429. */
  readonly statusCode?: number;
  /** Whether every answer tells by `X-RateLimit-*` how its client stands. Default true. */
  readonly includeHeaders?: boolean;
  /** `redisRateLimits` with the layout `spring` counts together with gateways of Spring's on the same Redis. */
  readonly store: RateLimitStore;
  readonly telemetry: Telemetry;
}

/**
 * Limits requests as Spring Cloud Gateway's filter of that name does, for routes that come from there: a token bucket for
 * each route and key, `X-RateLimit-*` on every answer, `-1` remaining and everything let through while the store cannot
 * tell. What is refused is a problem with `Retry-After`, where Spring's answer is empty. New routes are better off with
 * `rateLimited`. From: RequestRateLimiterGatewayFilterFactory and RedisRateLimiter of Spring Cloud Gateway 5.
 */
export function requestRateLimiter(options: RequestRateLimiterOptions): EdgeLayer {
  const { routeId, replenishRate, burstCapacity = 1, requestedTokens = 1, includeHeaders = true } = options;
  demandNumber('RequestRateLimiter', 'replenishRate', replenishRate, 1, Number.MAX_SAFE_INTEGER);
  demandNumber('RequestRateLimiter', 'burstCapacity', burstCapacity, 0, Number.MAX_SAFE_INTEGER);
  demandNumber('RequestRateLimiter', 'requestedTokens', requestedTokens, 1, Number.MAX_SAFE_INTEGER);
  const limit: RateLimit = { name: routeId, quota: replenishRate, windowMs: 1_000, burst: burstCapacity };
  const readKey = keyReader(options.keyResolver ?? 'subject');
  const decide = storeDecision('RequestRateLimiter', { store: options.store, telemetry: options.telemetry });
  const settings = [
    ...['x-ratelimit-replenish-rate', String(replenishRate)],
    ...['x-ratelimit-burst-capacity', String(burstCapacity)],
    ...['x-ratelimit-requested-tokens', String(requestedTokens)],
  ];
  const tell = (exchange: Exchange, left: number) => {
    if (!includeHeaders) return;
    exchange.answer = new WithFields(exchange.answer, ['x-ratelimit-remaining', String(left), ...settings]);
  };
  return (next) => (exchange) => {
    const key = readKey(exchange);
    if (key === undefined || key === '') {
      if (options.denyEmptyKey === false) return next(exchange);
      throw gatewayErrors.RATE_KEY_MISSING(`the request lacks what the limit of the route "${routeId}" is counted by`, {
        details: { answerStatus: options.emptyKeyStatus },
      });
    }
    return decide(exchange, [{ limit, key, cost: requestedTokens }], (answers) => {
      const [answer] = answers ?? [];
      tell(exchange, answer?.left ?? -1);
      if (answer === undefined || answer.waitMs === 0) return next(exchange);
      const details = { retryAfterMs: answer.waitMs, violatedPolicies: [routeId], answerStatus: options.statusCode };
      throw gatewayErrors.RATE_LIMITED(`the rate limit of the route "${routeId}" is used up`, { details });
    });
  };
}
