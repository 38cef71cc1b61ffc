import type { RateAnswer, RateAsk, RateLimitStore } from '@dure/resilience';
import { redisErrors } from './errors.ts';
import type { Redis } from './open-redis.ts';
import { redisScript } from './open-redis.ts';

export interface RedisRateLimitsOptions {
  readonly redis: Redis;
  /** What the names of keys begin with. Default `dure:rate:`. */
  readonly prefix?: string;
}

/**
 * GCRA, as `memoryRateLimits` counts: a key holds the time, in milliseconds of the server's clock, at which all that was
 * taken is paid. All keys are read before one is written. No debt is believed to be larger than a limit can make one: a
 * clock that was set back shuts nobody out for longer than that.
 */
const takeAll = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local taken = true
local debts, waits = {}, {}
for i = 1, #KEYS do
  local interval, burst, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local debt = (tonumber(redis.call('GET', KEYS[i])) or 0) - now
  debts[i] = math.max(math.min(debt, burst * interval), 0)
  waits[i] = debts[i] + (cost - burst) * interval
  if waits[i] <= 0.001 then waits[i] = 0 else taken = false end
end
local answers = {}
for i = 1, #KEYS do
  local interval, burst, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  if taken then
    debts[i] = debts[i] + cost * interval
    redis.call('SET', KEYS[i], string.format('%.3f', now + debts[i]), 'PX', math.ceil(debts[i]) + 1)
  end
  local left = math.max(math.floor(burst - (debts[i] - 0.001) / interval), 0)
  local reset = debts[i]
  if left == 0 then reset = math.max(debts[i] + (1 - burst) * interval, 0) end
  answers[3 * i - 2] = math.ceil(waits[i] * 1000)
  answers[3 * i - 1] = left
  answers[3 * i] = math.ceil(reset * 1000)
end
return answers
`);

/**
 * Rate limits that all processes on one Redis or Valkey server share, by the clock of the server. One round trip for all
 * limits of a request. Keys expire when they are paid, so that memory holds who was seen within a window; with
 * `maxmemory` let the server evict by `volatile-ttl`, which drops first what is paid first. Not for Redis Cluster, where the
 * keys of one request would lie on different nodes.
 */
export function redisRateLimits({ redis, prefix = 'dure:rate:' }: RedisRateLimitsOptions): RateLimitStore {
  return {
    async take(asks) {
      const keys = asks.map(({ limit, key }) => `${prefix}${limit.name}:${key}`);
      const values = asks.flatMap(({ limit, cost }) => [limit.windowMs / limit.quota, limit.burst, cost].map(String));
      return answersOf(asks, await redis.run(takeAll, keys, values));
    },
  };
}

/** Three whole numbers for each ask: the wait in microseconds, what is left, the reset in microseconds. */
export function answersOf(asks: readonly RateAsk[], answer: unknown): readonly RateAnswer[] {
  if (!Array.isArray(answer) || answer.length !== 3 * asks.length || !answer.every(Number.isFinite))
    throw redisErrors.REFUSED('Redis answered the script of the rate limits with something else');
  return asks.map((_, index) => {
    const [waitUs, left, resetUs] = answer.slice(3 * index, 3 * index + 3) as [number, number, number];
    return { waitMs: waitUs / 1_000, left, resetMs: resetUs / 1_000 };
  });
}
