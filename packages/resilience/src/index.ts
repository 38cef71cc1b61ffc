export type {
  AdaptiveLimit,
  AdaptiveLimitEvent,
  AdaptiveLimitOptions,
  AdaptiveLimitSnapshot,
  AdaptiveLimits,
  Place,
} from './adaptive-limit.ts';
export { adaptiveLimit } from './adaptive-limit.ts';
export type { Adjustable } from './adjustable.ts';
export type { BreakerEvent, BreakerSnapshot, BreakerState, BreakerSwitch } from './breaker-events.ts';
export type { BreakerLimits } from './breaker-limits.ts';
export type { Bulkhead, BulkheadEvent, BulkheadLimits, BulkheadOptions, BulkheadSnapshot } from './bulkhead.ts';
export { bulkhead } from './bulkhead.ts';
export type { ByKey } from './by-key.ts';
export { byKey } from './by-key.ts';
export type { CircuitBreaker, CircuitBreakerOptions } from './circuit-breaker.ts';
export { circuitBreaker } from './circuit-breaker.ts';
export type { CircuitBreakers } from './circuit-breakers.ts';
export { circuitBreakers } from './circuit-breakers.ts';
export type { DeadlineLimits, DeadlineOptions } from './deadline.ts';
export { deadline } from './deadline.ts';
export { dividedRateLimits } from './divided-rate-limits.ts';
export { resilienceErrors } from './errors.ts';
export type { FallbackEvent, FallbackMark, FallbackOptions, FallbackSource, LastGoodOptions } from './fallback.ts';
export { fallback, fallbackBy, fallbackOf, fallbackValue, lastGood } from './fallback.ts';
export type { Guarded, GuardedCall, GuardOptions } from './guard.ts';
export { guard } from './guard.ts';
export type { Hedge, HedgeEvent, HedgeLimits, HedgeOptions } from './hedge.ts';
export { hedge } from './hedge.ts';
export type { LimitAlgorithm, LimitSample } from './limit-algorithm.ts';
export { aimdLimit, gradientLimit } from './limit-algorithm.ts';
export type { ResilienceLimits } from './limits-schema.ts';
export { limitsSchema } from './limits-schema.ts';
export type { LoopDelay } from './loop-delay.ts';
export { watchLoop } from './loop-delay.ts';
export type { MemoryRateLimits, MemoryRateLimitsOptions } from './memory-rate-limits.ts';
export { memoryRateLimits } from './memory-rate-limits.ts';
export type { Policy, PolicySource } from './policy.ts';
export type { ResilienceEvent } from './policy-events.ts';
export type { PolicyRegistry, PolicyRegistryOptions } from './policy-registry.ts';
export { policyRegistry } from './policy-registry.ts';
export type { RateAnswer, RateAsk, RateLimit, RateLimitStore } from './rate-limit-store.port.ts';
export type {
  RateLimiter,
  RateLimiterEvent,
  RateLimiterOptions,
  RateLimiterSnapshot,
  RateLimits,
} from './rate-limiter.ts';
export { rateLimiter } from './rate-limiter.ts';
export type { CacheEvent, ResponseCache, ResponseCacheLimits, ResponseCacheOptions } from './response-cache.ts';
export { responseCache } from './response-cache.ts';
export type { RetryEvent, RetryLimits, RetryOptions } from './retry.ts';
export { retry } from './retry.ts';
export type {
  AdjustableRetryBudget,
  NamedBudget,
  RetryBudget,
  RetryBudgetLimits,
  RetryBudgetOptions,
  RetryBudgets,
} from './retry-budget.ts';
export { retryBudget, retryBudgets } from './retry-budget.ts';
export { shutdown } from './shutdown.ts';
export type { FlightEvent, SingleFlightOptions } from './single-flight.ts';
export { singleFlight } from './single-flight.ts';
export type { TimeoutEvent, TimeoutLimits, TimeoutOptions } from './timeout.ts';
export { timeout } from './timeout.ts';
export type { Verdict } from './verdict.ts';
export { verdictOf } from './verdict.ts';
