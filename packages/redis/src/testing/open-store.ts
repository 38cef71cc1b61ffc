import { seededRandom, systemClock } from '@dure/core';
import type { Redis, RedisOptions } from '../open-redis.ts';
import { openRedis } from '../open-redis.ts';
import { until } from './until.ts';

/** Connects to a server and waits until it is there. Commands may take as long as a busy machine makes them. */
export async function openReady(url: string, options: Partial<RedisOptions> = {}): Promise<Redis> {
  const redis = await openRedis({ url, clock: systemClock, random: seededRandom(1), timeoutMs: 2_000, ...options });
  await until(() => redis.health().status === 'UP', 'there is a connection');
  return redis;
}
