import type { Live } from '@dure/core';
import type { RateLimit, RateLimitStore } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { RateLimitOverride, RateLimitOverrides } from './rate-limits-section.ts';
import { plainName } from './rate-limits-section.ts';

export interface LiveRateLimitsOptions {
  readonly overrides: Live<RateLimitOverrides>;
  readonly log: Telemetry['log'];
  /** The limits that there are beside those that ask. */
  readonly names: readonly string[];
}

/** A store whose limits the configuration may change. */
export interface LiveRateLimits extends RateLimitStore {
  limitOf(limit: RateLimit): RateLimit;
  /** Says in the log which names of the configuration are of no limit, now and after each change. */
  tellUnknown(): void;
  close(): void;
}

/**
 * Puts what the configuration says in place of limits. Accounts are kept by name and key: whoever has used up something
 * has used it up under the new limit too, and what is not changed is not touched.
 */
export function liveRateLimits(
  store: RateLimitStore,
  { overrides, log, names }: LiveRateLimitsOptions,
): LiveRateLimits {
  const known = new Set(names.map(plainName));
  let holding = new WeakMap<RateLimit, RateLimit>();
  const tellUnknown = () => {
    const unknown = [...overrides.current.keys()].filter((name) => !known.has(name));
    if (unknown.length === 0) return;
    const there = [...known].join(', ') || 'none';
    log.warn(`no route has the rate limit "${unknown.join('", "')}" of the configuration; there are ${there}`);
  };
  const close = overrides.onChange(() => {
    holding = new WeakMap();
    tellUnknown();
  });
  return {
    take: (asks) => store.take(asks),
    limitOf(limit) {
      const ready = holding.get(limit);
      if (ready !== undefined) return ready;
      const name = plainName(limit.name);
      known.add(name);
      const override = overrides.current.get(name);
      const made = override === undefined ? limit : overridden(limit, override);
      holding.set(limit, made);
      return made;
    },
    tellUnknown,
    close,
  };
}

function overridden(limit: RateLimit, { quota = limit.quota, windowSeconds, burst }: RateLimitOverride): RateLimit {
  const saved = limit.burst === limit.quota ? quota : limit.burst;
  return {
    name: limit.name,
    quota,
    windowMs: windowSeconds === undefined ? limit.windowMs : windowSeconds * 1_000,
    burst: burst ?? saved,
  };
}
