import type { StoringRules } from './storing.ts';

/** How a route's answers are cached. Everything that an answer states itself comes before it. */
export interface CacheRules {
  /**
   * How long an answer that states no lifetime is fresh, in milliseconds, by its status: `{ 200: 30_000, 404: 2_000 }`. Only
   * for requests without credentials and cookies. Default: not at all.
   */
  readonly lifetimesMs?: Readonly<Record<number, number>>;
  /** Which part of the time since its `Last-Modified` such an answer is fresh otherwise, 0 to 1. Default 0.1; 0: not at all. */
  readonly heuristicFraction?: number;
  /** At most so long by that, in milliseconds. Default a day. */
  readonly maxHeuristicMs?: number;
  /**
   * How long an answer may be used stale when the service cannot answer (500, 502, 503, 504, or no answer at all), unless it
   * says otherwise, in milliseconds. Default 10 000: what a restart takes.
   */
  readonly graceMs?: number;
  /** Fields that stand instead of `Cache-Control` and `Expires` (RFC 9213), the first one first. Default `CDN-Cache-Control`. */
  readonly targets?: readonly string[];
  /** Whether clients may ask for a fresh answer by `Cache-Control`. Default true; `only-if-cached` and `no-store` count always. */
  readonly honoursRequests?: boolean;
}

/** The rules of a route, complete. */
export interface CompleteRules extends StoringRules {
  readonly honoursRequests: boolean;
}

/** Fills in the defaults. */
export function completeRules(rules: CacheRules): CompleteRules {
  const { targets = ['cdn-cache-control'] } = rules;
  return {
    lifetimesMs: rules.lifetimesMs ?? {},
    heuristicFraction: rules.heuristicFraction ?? 0.1,
    maxHeuristicMs: rules.maxHeuristicMs ?? 86_400_000,
    graceMs: rules.graceMs ?? 10_000,
    targets: targets.map((name) => name.toLowerCase()),
    honoursRequests: rules.honoursRequests ?? true,
  };
}
