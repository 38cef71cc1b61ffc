// What does a decision of the rate limits cost, against rate-limiter-flexible in the same run? Redis only where there is one.

import { systemClock as clock, seededRandom } from '@dure/core';
import { openRedis, redisRateLimits } from '@dure/redis';
import type { MemoryRateLimits, RateLimit } from '@dure/resilience';
import { memoryRateLimits } from '@dure/resilience';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { median, printTable, round } from './lib/table.ts';

const rounds = Number(process.env.ROUNDS ?? 9);
const asksARound = Number(process.env.ASKS ?? 200_000);
const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

const limit: RateLimit = { name: 'bench', quota: 1_000_000, windowMs: 1_000, burst: 1_000_000 };
const addresses = Array.from(
  { length: 50_000 },
  (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
);
let fresh = 0;
const keys: Readonly<Record<string, (index: number) => string>> = {
  'one key': () => '10.0.0.1',
  '50 000 keys': (index) => addresses[(index * 7_919) % addresses.length] ?? '',
  'a new key each time': () => {
    fresh += 1;
    return `new${fresh}`;
  },
};

const nsOf = (startedMs: number, asks: number) => ((performance.now() - startedMs) * 1e6) / asks;

function ours(store: MemoryRateLimits, key: (index: number) => string): number {
  const startedMs = performance.now();
  for (let index = 0; index < asksARound; index += 1) store.take([{ limit, key: key(index), cost: 1 }]);
  return nsOf(startedMs, asksARound);
}

async function theirs(limiter: RateLimiterMemory, key: (index: number) => string): Promise<number> {
  const asks = asksARound / 10;
  const startedMs = performance.now();
  for (let index = 0; index < asks; index += 1) await limiter.consume(key(index), 1);
  return nsOf(startedMs, asks);
}

const rows: (string | number)[][] = [['keys', 'ns, Dure', 'ns, rate-limiter-flexible', 'ratio']];
for (const [name, key] of Object.entries(keys)) {
  const store = memoryRateLimits({ clock, random: seededRandom(1) });
  const limiter = new RateLimiterMemory({ points: 1_000_000, duration: 1 });
  const measured: { readonly own: number; readonly peer: number }[] = [];
  for (let round = 0; round < rounds; round += 1)
    measured.push({ own: ours(store, key), peer: await theirs(limiter, key) });
  const own = median(measured.map((one) => one.own));
  const peer = median(measured.map((one) => one.peer));
  rows.push([name, round(own, 0), round(peer, 0), round(own / peer)]);
}
printTable(`a decision in memory, medians of ${rounds} rounds`, rows);

await using redis = await openRedis({ url: redisUrl, clock, random: seededRandom(1), timeoutMs: 2_000 });
for (let tries = 0; tries < 50 && redis.health().status !== 'UP'; tries += 1)
  await new Promise((resolve) => setTimeout(resolve, 20));
if (redis.health().status === 'UP') {
  const store = redisRateLimits({ redis });
  const latencies: number[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    const startedMs = performance.now();
    await store.take([{ limit, key: addresses[index] ?? '', cost: 1 }]);
    latencies.push(performance.now() - startedMs);
  }
  const startedMs = performance.now();
  const each = 1_000;
  await Promise.all(
    Array.from({ length: 32 }, async (_, caller) => {
      for (let index = 0; index < each; index += 1)
        await store.take([{ limit, key: addresses[caller * each + index] ?? '', cost: 1 }]);
    }),
  );
  const perSecond = (32 * each * 1_000) / (performance.now() - startedMs);
  const [p50, p99] = [0.5, 0.99].map(
    (share) => latencies.sort((a, b) => a - b)[Math.floor(latencies.length * share)] ?? 0,
  );
  printTable('a decision by Redis on this machine', [
    ['p50 ms, one caller', 'p99 ms', 'a second, 32 callers'],
    [round(p50 ?? 0, 3), round(p99 ?? 0, 3), round(perSecond, 0)],
  ]);
} else process.stdout.write(`\nno Redis at ${redisUrl}: its decisions are not measured\n`);
