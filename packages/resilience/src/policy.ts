import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { NamedBudget } from './retry-budget.ts';

/** A policy that has a name and a state. */
export type Policy = CircuitBreaker | Bulkhead | AdaptiveLimit | RateLimiter | NamedBudget;

/** A policy, or something that keeps several: `circuitBreakers(…)`, `retryBudgets(…)`, `byKey(…)`. */
export type PolicySource = Policy | { all(): readonly Policy[] };
