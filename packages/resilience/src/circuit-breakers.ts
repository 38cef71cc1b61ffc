import type { CircuitBreaker, CircuitBreakerOptions } from './circuit-breaker.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { checkOption } from './options.ts';

/** A breaker for each key, such as an instance and an operation. */
export interface CircuitBreakers {
  /** The breaker of a key, made when first asked for. */
  of(key: string): CircuitBreaker;
  /** The breaker of a key if there is one: for asking without making. */
  peek(key: string): CircuitBreaker | undefined;
}

/**
 * Breakers by key. At most `most` are kept (default 1 000); beyond that the one that was asked for longest ago is
 * forgotten, so that instances which come and go do not fill the memory.
 *
 * @example
 * const breakers = circuitBreakers({ clock, observe });
 * const send = breakers.of(`${instance.id} ${operation.name}`).layer<In, Out>()(next);
 */
export function circuitBreakers(
  options: Omit<CircuitBreakerOptions, 'name'> & { readonly most?: number },
): CircuitBreakers {
  const { most = 1_000, ...rest } = options;
  checkOption('circuitBreakers', 'most', most, 1, 1_000_000);
  let young = new Map<string, CircuitBreaker>();
  let old = new Map<string, CircuitBreaker>();
  const keep = (key: string, breaker: CircuitBreaker) => {
    if (young.size >= Math.max(most / 2, 1)) {
      old = young;
      young = new Map();
    }
    young.set(key, breaker);
    return breaker;
  };
  return {
    of(key) {
      const breaker = young.get(key);
      if (breaker !== undefined) return breaker;
      return keep(key, old.get(key) ?? circuitBreaker({ ...rest, name: key }));
    },
    peek: (key) => young.get(key) ?? old.get(key),
  };
}
