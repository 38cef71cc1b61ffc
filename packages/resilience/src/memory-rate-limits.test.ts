import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import fc from 'fast-check';
import { dividedRateLimits } from './divided-rate-limits.ts';
import { memoryRateLimits } from './memory-rate-limits.ts';
import type { RateLimit } from './rate-limit-store.port.ts';
import { tokenBucket } from './rate-meter.ts';
import { rateLimitStoreContract } from './testing/rate-limit-store-contract.ts';

function open(mostKeys?: number) {
  const clock = fakeClock();
  const random = seededRandom(1);
  const store = memoryRateLimits(mostKeys === undefined ? { clock, random } : { clock, random, mostKeys });
  const take = (limit: RateLimit, key: string, cost = 1) => store.take([{ limit, key, cost }])[0]?.waitMs ?? -1;
  return { clock, store, take };
}

rateLimitStoreContract('memory', async () => {
  const { store, clock } = open();
  return { store, pass: (ms) => clock.advance(ms), [Symbol.asyncDispose]: async () => {} };
});

rateLimitStoreContract('a whole share', async () => {
  const { store, clock } = open();
  return { store: dividedRateLimits(store, 1), pass: (ms) => clock.advance(ms), [Symbol.asyncDispose]: async () => {} };
});

test('it decides as the token bucket of the in-process limiter does', () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), cost: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { clock, store } = open();
      const limit: RateLimit = { name: 'x', quota: 16, windowMs: 1_000, burst: 4 };
      const bucket = tokenBucket(16, 4);
      for (const { ms, cost } of steps) {
        void clock.advance(ms);
        const now = clock.monotonicMs();
        const expected = bucket.waitMs(now, cost);
        if (expected === 0) bucket.take(now, cost);
        const [answer] = store.take([{ limit, key: 'k', cost }]);
        assert.ok(Math.abs((answer?.waitMs ?? -1) - expected) < 1e-3);
        assert.equal(answer?.left, bucket.left(now));
      }
    }),
    { seed: 7 },
  );
});

test('accounts that are paid are dropped while others come', async () => {
  const { clock, store, take } = open(2_000);
  const limit: RateLimit = { name: 'x', quota: 10, windowMs: 1_000, burst: 10 };
  for (let second = 0; second < 20; second += 1) {
    for (let key = 0; key < 500; key += 1) take(limit, `${second}-${key}`);
    assert.equal(take(limit, `${second}-0`, 10) > 0, true);
    await clock.advance(1_000);
  }
  assert.ok(store.keys < 2_000, `${store.keys} keys are kept`);
});

test('a flood of keys neither fills the memory nor lets one that owes begin afresh', () => {
  const { store, take } = open(1_000);
  const limit: RateLimit = { name: 'x', quota: 5, windowMs: 60_000, burst: 5 };
  assert.equal(take(limit, 'hot', 5), 0);
  for (let key = 0; key < 100_000; key += 1) take(limit, `key${key}`);
  assert.ok(take(limit, 'hot') > 0);
  assert.equal(store.keys, 1_000);
});

test('newcomers to a full table share accounts, which are stricter and never laxer', () => {
  const { take } = open(1);
  const limit: RateLimit = { name: 'x', quota: 5, windowMs: 60_000, burst: 5 };
  take(limit, 'first');
  for (let count = 0; count < 5; count += 1) assert.equal(take(limit, 'newcomer'), 0);
  assert.ok(take(limit, 'newcomer') > 0);
  const refused = Array.from({ length: 60_000 }, (_, key) => take(limit, `k${key}`, 3)).filter((waitMs) => waitMs > 0);
  assert.ok(refused.length >= 60_000 - 16_384);
});

test('a newcomer that gets an account of its own later takes along what it owes', async () => {
  const { clock, store, take } = open(1);
  const limit: RateLimit = { name: 'x', quota: 5, windowMs: 5_000, burst: 5 };
  take(limit, 'first');
  assert.equal(take(limit, 'newcomer', 5), 0);
  await clock.advance(1_500);
  assert.equal(take(limit, 'newcomer'), 0);
  assert.equal(store.keys, 1);
  assert.ok(take(limit, 'newcomer') > 0);
});

test('shares of a limit make up the limit, also when there are more of them than units at once', () => {
  const limit: RateLimit = { name: 'x', quota: 12, windowMs: 12_000, burst: 12 };
  for (const [parts, atOnce] of [
    [3, 4],
    [24, 1],
  ] as const) {
    const { store } = open();
    const share = dividedRateLimits(store, parts);
    const taken = Array.from({ length: 20 }, () => share.take([{ limit, key: 'k', cost: 1 }])).filter(
      (answers) => 'length' in answers && answers[0]?.waitMs === 0,
    );
    assert.equal(taken.length, atOnce);
  }
});

test('how many shares there are is asked each time', () => {
  const limit: RateLimit = { name: 'x', quota: 12, windowMs: 12_000, burst: 12 };
  const { store } = open();
  let parts = 4;
  const share = dividedRateLimits(store, () => parts);
  const take = () => share.take([{ limit, key: 'k', cost: 1 }]);
  const taken = () =>
    Array.from({ length: 20 }, take).filter((answers) => 'length' in answers && answers[0]?.waitMs === 0);
  assert.equal(taken().length, 3);
  parts = 1;
  assert.equal(taken().length, 0); // 3 units of a quarter's rate are 12 of the whole
  parts = 0;
  assert.throws(take, { code: 'RESILIENCE_OPTION_INVALID' });
});

test('a costly request fits a share and is paid off at the rate of the share', async () => {
  const { clock, store } = open();
  const share = dividedRateLimits(store, 4);
  const limit: RateLimit = { name: 'x', quota: 8, windowMs: 8_000, burst: 8 };
  const ask = async () => (await share.take([{ limit, key: 'k', cost: 6 }]))[0]?.waitMs;
  assert.equal(await ask(), 0);
  assert.equal(await ask(), 24_000);
  await clock.advance(24_000);
  assert.equal(await ask(), 0);
});

test('shares and keys that make no sense are refused', () => {
  const { store } = open();
  assert.throws(() => dividedRateLimits(store, 0), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.throws(() => open(0), { code: 'RESILIENCE_OPTION_INVALID' });
});
