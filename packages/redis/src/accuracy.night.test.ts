import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { RateLimit } from '@dure/resilience';
import { redisRateLimits } from './redis-rate-limits.ts';
import { openReady } from './testing/open-store.ts';
import { startRedisServer, withoutServer } from './testing/redis-server.ts';

const gateways = 3;
const decisions = 1_000_000;
const atOnce = 50;
const limit: RateLimit = { name: 'shared', quota: 1_000, windowMs: 1_000, burst: 200 };

test('three gateways that ask a million times in bursts let through what the limit allows, within one per cent', {
  skip: withoutServer,
  timeout: 600_000,
}, async (context) => {
  await using server = await startRedisServer();
  const clients = await Promise.all(
    Array.from({ length: gateways }, () => openReady(server.url, { timeoutMs: 10_000 })),
  );
  const startedMs = systemClock.monotonicMs();
  let allowed = 0;
  const ask = async (store: ReturnType<typeof redisRateLimits>) => {
    const [answer] = await store.take([{ limit, key: 'all', cost: 1 }]);
    if (answer?.waitMs === 0) allowed += 1;
  };
  const gateway = async (index: number) => {
    const store = redisRateLimits({ redis: clients[index] ?? assert.fail('a gateway has no client') });
    for (let asked = 0; asked < decisions / gateways; asked += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, () => ask(store)));
      // A pause now and then, all of them together, saves up a burst.
      if (asked % 50_000 === 0) await wait(systemClock, 150);
    }
  };
  await Promise.all(clients.map((_, index) => gateway(index)));
  const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
  await Promise.all(clients.map((client) => client.close()));
  const most = limit.burst + limit.quota * seconds;
  context.diagnostic(`${allowed} of ${decisions} in ${seconds.toFixed(1)} s; the limit allows ${most.toFixed(0)}`);
  assert.ok(allowed <= most * 1.01, `${allowed} were let through; the limit allows ${most}`);
  assert.ok(allowed >= (most - limit.burst) * 0.9, `only ${allowed} were let through of ${most}`);
});
