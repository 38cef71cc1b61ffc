import type { RateLimitStore } from '@dure/resilience';
import type { Redis } from './open-redis.ts';
import { redisScript } from './open-redis.ts';
import { answersOf } from './redis-rate-limits.ts';

/**
 * The token bucket of Spring Cloud Gateway's `request_rate_limiter.lua`: the same keys, values and times to live, whole
 * seconds of the server's clock; for several buckets at once, all or none.
 */
const takeAll = redisScript(`
local now = tonumber(redis.call('TIME')[1])
local taken = true
local tokens = {}
for i = 1, #KEYS / 2 do
  local rate, capacity, requested = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local last = tonumber(redis.call('GET', KEYS[2 * i - 1])) or capacity
  local refreshed = tonumber(redis.call('GET', KEYS[2 * i])) or 0
  tokens[i] = math.min(capacity, last + math.max(0, now - refreshed) * rate)
  if tokens[i] < requested then taken = false end
end
local answers = {}
for i = 1, #KEYS / 2 do
  local rate, capacity, requested = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local wait = 0
  if taken then
    tokens[i] = tokens[i] - requested
  elseif tokens[i] < requested then
    wait = math.ceil((requested - tokens[i]) / rate)
  end
  local ttl = math.floor(capacity / rate * 2)
  if ttl > 0 then
    redis.call('SETEX', KEYS[2 * i - 1], ttl, tokens[i])
    redis.call('SETEX', KEYS[2 * i], ttl, now)
  end
  local reset = (capacity - tokens[i]) / rate
  if tokens[i] < 1 then reset = (1 - tokens[i]) / rate end
  answers[3 * i - 2] = wait * 1000000
  answers[3 * i - 1] = math.floor(tokens[i])
  answers[3 * i] = math.ceil(reset * 1000000)
end
return answers
`);

/**
 * Rate limits in the very buckets of Spring Cloud Gateway, `request_rate_limiter.{route.key}.tokens` and `.timestamp`, for
 * the time in which gateways of both kinds stand before one system. The name of a limit is the route's id. Counts in whole
 * seconds, as Spring does; `redisRateLimits` is finer.
 */
export function springRateLimits({ redis }: { readonly redis: Redis }): RateLimitStore {
  return {
    async take(asks) {
      const keys = asks.flatMap(({ limit, key }) => {
        const bucket = `request_rate_limiter.{${limit.name}.${key}}`;
        return [`${bucket}.tokens`, `${bucket}.timestamp`];
      });
      const values = asks.flatMap(({ limit: { quota, windowMs, burst }, cost }) =>
        [(quota * 1_000) / windowMs, burst, cost].map(String),
      );
      return answersOf(asks, await redis.run(takeAll, keys, values));
    },
  };
}
