import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { RateAsk, RateLimit } from '@dure/resilience';
import type { Redis } from './open-redis.ts';
import { springRateLimits } from './spring-rate-limits.ts';
import { openReady } from './testing/open-store.ts';
import type { RedisServer } from './testing/redis-server.ts';
import { startRedisServer, withoutServer } from './testing/redis-server.ts';

const bucket = 'request_rate_limiter.{orders.ann}';

describe('rate limits in the buckets of Spring Cloud Gateway', { skip: withoutServer }, () => {
  let server: RedisServer;
  let redis: Redis;
  before(async () => {
    server = await startRedisServer();
    redis = await openReady(server.url);
  });
  beforeEach(async () => void (await server.ask('FLUSHALL')));
  after(async () => {
    await redis.close();
    await server[Symbol.asyncDispose]();
  });

  const orders: RateLimit = { name: 'orders', quota: 1, windowMs: 1_000, burst: 100 };
  const ask = (cost: number, limit = orders): RateAsk => ({ limit, key: 'ann', cost });
  const read = async (key: string) => /\r\n(.*)\r\n$/.exec(await server.ask('GET', key))?.[1];

  test('tokens and timestamp stand where Spring keeps them, and live as long', async () => {
    const [answer] = await springRateLimits({ redis }).take([ask(8)]);
    assert.deepEqual([answer?.waitMs, answer?.left], [0, 92]);
    assert.equal(await read(`${bucket}.tokens`), '92');
    const seconds = Number(await read(`${bucket}.timestamp`));
    assert.ok(Math.abs(seconds - systemClock.now() / 1_000) < 5, `timestamp ${seconds}`);
    assert.match(await server.ask('TTL', `${bucket}.tokens`), /^:(?:200|199)/);
  });

  test('what a gateway of Spring took counts, and is replenished by the second', async () => {
    const now = Math.floor(systemClock.now() / 1_000);
    await server.ask('SET', `${bucket}.tokens`, '3');
    await server.ask('SET', `${bucket}.timestamp`, String(now - 10));
    const store = springRateLimits({ redis });
    const [answer] = await store.take([ask(13)]);
    assert.ok(answer?.waitMs === 0 && answer.left <= 2, `left ${answer?.left}`);
    const [refused] = await store.take([ask(20)]);
    assert.ok(refused !== undefined && refused.waitMs > 15_000 && refused.waitMs <= 20_000, `wait ${refused?.waitMs}`);
  });

  test('a bucket is full at first and is never more than full', async () => {
    const store = springRateLimits({ redis });
    const quick: RateLimit = { name: 'orders', quota: 10, windowMs: 1_000, burst: 20 };
    assert.equal((await store.take([ask(21, quick)]))[0]?.waitMs, 1_000);
    assert.equal((await store.take([ask(20, quick)]))[0]?.waitMs, 0);
    const { waitMs } = (await store.take([ask(10, quick)]))[0] ?? { waitMs: 0 };
    assert.equal(waitMs, 1_000);
    await wait(systemClock, waitMs + 1);
    assert.equal((await store.take([ask(10, quick)]))[0]?.waitMs, 0);
  });

  test('of several buckets all are taken from or none', async () => {
    const store = springRateLimits({ redis });
    const none: RateLimit = { ...orders, name: 'none', burst: 0 };
    const [first, second] = await store.take([ask(5), ask(1, none)]);
    assert.deepEqual([first?.waitMs, first?.left], [0, 100]);
    assert.ok((second?.waitMs ?? 0) > 0);
  });
});
