import { isDeepStrictEqual } from 'node:util';
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
 * Puts what the configuration says in place of limits. A limit that changes begins anew, so that nobody owes for long what
 * a mistaken one has cost; all others go on counting.
 */
export function liveRateLimits(
  store: RateLimitStore,
  { overrides, log, names }: LiveRateLimitsOptions,
): LiveRateLimits {
  /** As limits are spelt themselves, by their plain names. */
  const known = new Map(names.map((name) => [plainName(name), name]));
  let holding = new WeakMap<RateLimit, RateLimit>();
  const tellUnknown = () => {
    const unknown = [...overrides.current.keys()].filter((name) => !known.has(name));
    if (unknown.length === 0) return;
    const there = [...known.values()].join(', ') || 'none';
    log.warn(`no route has the rate limit "${unknown.join('", "')}" of the configuration; there are ${there}`);
  };
  const close = overrides.onChange((now, before) => {
    holding = new WeakMap();
    for (const [plain, name] of known) if (!isDeepStrictEqual(now.get(plain), before.get(plain))) store.restart?.(name);
    tellUnknown();
  });
  return {
    take: (asks) => store.take(asks),
    restart: (name) => store.restart?.(name),
    limitOf(limit) {
      const ready = holding.get(limit);
      if (ready !== undefined) return ready;
      const plain = plainName(limit.name);
      known.set(plain, limit.name);
      const override = overrides.current.get(plain);
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
