import { checkOption } from './options.ts';
import type { RateAsk, RateLimit, RateLimitStore } from './rate-limit-store.port.ts';

/**
 * One of `parts` equal shares of every limit, for processes that count apart and get about as many requests each: together
 * they keep the limit. A single costly request that fits the whole limit fits the share, and is paid off at the share's
 * rate. A function tells how many there are at the moment.
 *
 * @example
 * const store = dividedRateLimits(memoryRateLimits({ clock, random }), () => workers.count);
 */
export function dividedRateLimits(store: RateLimitStore, parts: number | (() => number)): RateLimitStore {
  const restart = (name: string) => store.restart?.(name);
  if (typeof parts === 'function') return { take: (asks) => dividedRateLimits(store, parts()).take(asks), restart };
  checkOption('dividedRateLimits', 'parts', parts, 1, 10_000);
  if (parts === 1) return store;
  const shareOf = ({ limit, key, cost }: RateAsk): RateAsk => {
    const { name, quota, windowMs, burst } = limit;
    const share: RateLimit = {
      name,
      quota: quota / parts,
      windowMs,
      burst: Math.max(burst / parts, Math.min(Math.max(cost, 1), burst)),
    };
    return { limit: share, key, cost };
  };
  return { take: (asks) => store.take(asks.map(shareOf)), restart };
}
