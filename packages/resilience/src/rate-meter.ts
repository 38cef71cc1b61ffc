import { checkOption } from './options.ts';

/** Decides by the rate alone. */
export interface RateMeter {
  /** Milliseconds, from a time on the monotonic scale, until `cost` permits can be taken; 0 when they can be now. */
  waitMs(now: number, cost: number): number;
  /** Takes permits that can be taken. */
  take(now: number, cost: number): void;
  /** Permits that could be taken now. */
  left(now: number): number;
  /** The most that can ever be taken at once. */
  readonly size: number;
}

/** Refills steadily and holds at most `burst`: smooth in the long run, quick after a pause. O(1). */
export function tokenBucket(perSecond: number, burst: number): RateMeter {
  checkOption('rateLimiter', 'perSecond', perSecond, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER);
  checkOption('rateLimiter', 'burst', burst, 1, Number.MAX_SAFE_INTEGER);
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  const fill = (now: number) => {
    if (now > filledAt) tokens = Math.min(burst, tokens + ((now - filledAt) * perSecond) / 1_000);
    filledAt = Math.max(now, filledAt);
    return tokens;
  };
  return {
    size: burst,
    // The tolerance makes up for rounding: whoever waits exactly as long as told is let through.
    waitMs: (now, cost) => (fill(now) < cost - 1e-6 ? ((cost - tokens) * 1_000) / perSecond : 0),
    take(now, cost) {
      tokens = fill(now) - cost;
    },
    left: (now) => Math.max(Math.floor(fill(now) + 1e-6), 0),
  };
}

/**
 * At most `limit` in any `windowMs`, exactly, at window edges as well: it remembers when each of the last `limit` permits
 * was taken, eight bytes each. O(1) a permit.
 */
export function slidingWindow(limit: number, windowMs: number): RateMeter {
  checkOption('rateLimiter', 'limit', limit, 1, 1_000_000);
  checkOption('rateLimiter', 'windowMs', windowMs, 1, Number.MAX_SAFE_INTEGER);
  const takenAt = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;
  return {
    size: limit,
    waitMs: (now, cost) => Math.max((takenAt[(oldest + cost - 1) % limit] ?? 0) + windowMs - now, 0),
    take(now, cost) {
      for (let permit = 0; permit < cost; permit += 1) {
        takenAt[oldest] = now;
        oldest = (oldest + 1) % limit;
      }
    },
    left(now) {
      let free = 0;
      while (free < limit && (takenAt[(oldest + free) % limit] ?? 0) + windowMs <= now) free += 1;
      return free;
    },
  };
}
