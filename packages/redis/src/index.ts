export { redisErrors } from './errors.ts';
export type { Redis, RedisEvent, RedisOptions, RedisScript } from './open-redis.ts';
export { openRedis, redisScript } from './open-redis.ts';
export type { RedisRateLimitsOptions } from './redis-rate-limits.ts';
export { redisRateLimits } from './redis-rate-limits.ts';
export { springRateLimits } from './spring-rate-limits.ts';
