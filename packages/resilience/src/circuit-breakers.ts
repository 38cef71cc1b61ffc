import type { BreakerLimits } from './breaker-limits.ts';
import type { ByKey } from './by-key.ts';
import { byKey } from './by-key.ts';
import type { CircuitBreaker, CircuitBreakerOptions } from './circuit-breaker.ts';
import { circuitBreaker } from './circuit-breaker.ts';

/** A breaker for each key, such as an instance and an operation. */
export interface CircuitBreakers extends ByKey<CircuitBreaker> {
  /** Changes the limits of every breaker, and of those that are yet to be made. */
  update(limits: BreakerLimits): void;
}

/**
 * Breakers by key. At most `most` are kept (default 1 000); beyond that those that were asked for longest ago are
 * forgotten, so that instances which come and go do not fill the memory.
 *
 * @example
 * const breakers = circuitBreakers({ clock, observe });
 * const send = breakers.of(`${instance.id} ${operation.name}`).layer<In, Out>()(next);
 */
export function circuitBreakers(
  options: Omit<CircuitBreakerOptions, 'name'> & { readonly most?: number },
): CircuitBreakers {
  const { most, ...rest } = options;
  let changes: BreakerLimits | undefined;
  const breakers = byKey((name) => {
    const breaker = circuitBreaker({ ...rest, name });
    if (changes !== undefined) breaker.update(changes);
    return breaker;
  }, most);
  return {
    ...breakers,
    update(limits) {
      const merged = { ...changes, ...limits };
      circuitBreaker({ ...rest, name: 'to check the limits' }).update(merged);
      changes = merged;
      for (const breaker of breakers.all()) breaker.update(limits);
    },
  };
}
