import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { RateLimit } from '@dure/resilience';
import { rateLimitStoreContract } from '@dure/resilience/testing';
import type { Redis } from './open-redis.ts';
import { redisRateLimits } from './redis-rate-limits.ts';
import { openReady } from './testing/open-store.ts';
import type { RedisServer } from './testing/redis-server.ts';
import { startRedisServer, withoutServer } from './testing/redis-server.ts';

describe('rate limits in Redis', { skip: withoutServer }, () => {
  let server: RedisServer;
  let redis: Redis;
  before(async () => {
    server = await startRedisServer();
    redis = await openReady(server.url);
  });
  after(async () => {
    await redis.close();
    await server[Symbol.asyncDispose]();
  });

  rateLimitStoreContract('Redis', async () => {
    await server.ask('FLUSHALL');
    const pass = async (ms: number) => void (await wait(systemClock, ms + 1));
    return { store: redisRateLimits({ redis }), pass, [Symbol.asyncDispose]: async () => {} };
  });

  const limit: RateLimit = { name: 'peruser', quota: 60, windowMs: 60_000, burst: 10 };

  test('gateways that share a server share its limits', async () => {
    await server.ask('FLUSHALL');
    const others = await Promise.all([openReady(server.url), openReady(server.url)]);
    const stores = [redis, ...others].map((one) => redisRateLimits({ redis: one }));
    const asked = Array.from({ length: 60 }, (_, index) => stores[index % 3]?.take([{ limit, key: 'ann', cost: 1 }]));
    const answers = await Promise.all(asked);
    const allowed = answers.filter((answer) => answer?.[0]?.waitMs === 0).length;
    await Promise.all(others.map((one) => one.close()));
    assert.equal(allowed, 10);
  });

  test('a key holds when it is paid and expires then', async () => {
    await server.ask('FLUSHALL');
    await redisRateLimits({ redis, prefix: 'edge:' }).take([{ limit, key: 'ann', cost: 3 }]);
    const [, ttl] = /^:(\d+)/.exec(await server.ask('PTTL', 'edge:peruser:ann')) ?? [];
    assert.ok(Number(ttl) > 2_000 && Number(ttl) <= 3_001, `it lives ${ttl} ms`);
  });

  test('a clock that was set back shuts nobody out for longer than a limit can', async () => {
    await server.ask('SET', 'dure:rate:peruser:ann', String(systemClock.now() + 3_600_000));
    const [answer] = await redisRateLimits({ redis }).take([{ limit, key: 'ann', cost: 1 }]);
    assert.equal(answer?.waitMs, 1_000);
  });

  test('what is no account is no answer', async () => {
    await server.ask('DEL', 'dure:rate:peruser:bad');
    await server.ask('RPUSH', 'dure:rate:peruser:bad', 'x');
    await assert.rejects(redisRateLimits({ redis }).take([{ limit, key: 'bad', cost: 1 }]) as Promise<unknown>, {
      code: 'REDIS_REFUSED',
      message: /WRONGTYPE/,
    });
    const odd: Redis = { ...redis, run: async () => ['x'] };
    await assert.rejects(redisRateLimits({ redis: odd }).take([{ limit, key: 'ann', cost: 1 }]) as Promise<unknown>, {
      code: 'REDIS_REFUSED',
    });
  });
});
