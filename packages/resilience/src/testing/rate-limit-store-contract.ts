import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RateAnswer, RateAsk, RateLimit, RateLimitStore } from '../rate-limit-store.port.ts';

/** An adapter under test, and time as it sees it. */
export interface RateLimitsUnderTest extends AsyncDisposable {
  readonly store: RateLimitStore;
  /** Lets time pass: a little more than asked for is fine, where it is real time. */
  pass(ms: number): Promise<void>;
}

const perMinute: RateLimit = { name: 'perminute', quota: 6, windowMs: 60_000, burst: 3 };
const quick: RateLimit = { name: 'quick', quota: 20, windowMs: 1_000, burst: 2 };

/** What every `RateLimitStore` promises. */
export function rateLimitStoreContract(name: string, open: () => Promise<RateLimitsUnderTest>): void {
  const one = async ({ store }: RateLimitsUnderTest, limit: RateLimit, key: string, cost = 1): Promise<RateAnswer> => {
    const [answer] = await store.take([{ limit, key, cost }]);
    assert.ok(answer !== undefined);
    return answer;
  };
  describe(`a rate limit store (${name})`, () => {
    test('a burst goes through, and the next one hears how long to wait', async () => {
      await using under = await open();
      const answers = [];
      for (let count = 0; count < 4; count += 1) answers.push(await one(under, perMinute, 'ann'));
      assert.deepEqual(
        answers.map(({ left }) => left),
        [2, 1, 0, 0],
      );
      assert.deepEqual(
        answers.map(({ waitMs }) => waitMs > 0),
        [false, false, false, true],
      );
      const refused = answers[3] as RateAnswer;
      assert.ok(refused.waitMs > 8_000 && refused.waitMs <= 10_000, `wait ${refused.waitMs}`);
      assert.ok(refused.resetMs > 8_000 && refused.resetMs <= 10_000, `reset ${refused.resetMs}`);
    });
    test('whoever waits as long as told is let through', async () => {
      await using under = await open();
      await one(under, quick, 'ann');
      await one(under, quick, 'ann');
      for (let turn = 0; turn < 3; turn += 1) {
        const { waitMs } = await one(under, quick, 'ann', 2);
        assert.ok(waitMs > 0 && waitMs <= 100, `wait ${waitMs}`);
        await under.pass(waitMs);
        assert.equal((await one(under, quick, 'ann', 2)).waitMs, 0);
      }
    });
    test('a pause saves up no more than the burst', async () => {
      await using under = await open();
      await one(under, quick, 'ann', 2);
      await under.pass(400);
      assert.equal((await one(under, quick, 'ann')).left, 1);
    });
    test('keys and limits are counted apart', async () => {
      await using under = await open();
      assert.equal((await one(under, perMinute, 'ann', 3)).waitMs, 0);
      assert.equal((await one(under, perMinute, 'bob', 3)).waitMs, 0);
      assert.equal((await one(under, { ...perMinute, name: 'other' }, 'ann', 3)).waitMs, 0);
      assert.ok((await one(under, perMinute, 'ann')).waitMs > 0);
    });
    test('a cost is taken as a whole or not at all, and one above the burst never', async () => {
      await using under = await open();
      assert.equal((await one(under, perMinute, 'ann', 2)).left, 1);
      assert.ok((await one(under, perMinute, 'ann', 2)).waitMs > 0);
      assert.equal((await one(under, perMinute, 'ann', 1)).waitMs, 0);
      assert.ok((await one(under, perMinute, 'bob', 4)).waitMs > 0);
      assert.ok((await one(under, { ...perMinute, name: 'none', burst: 0 }, 'bob')).waitMs > 0);
    });
    test('whoever is refused by one limit uses up no other', async () => {
      await using under = await open();
      const both = (key: string): readonly RateAsk[] => [
        { limit: perMinute, key, cost: 1 },
        { limit: { name: 'all', quota: 6, windowMs: 60_000, burst: 4 }, key: '', cost: 1 },
      ];
      for (let count = 0; count < 5; count += 1) await under.store.take(both('ann'));
      const [ann, all] = await under.store.take(both('ann'));
      assert.ok((ann?.waitMs ?? 0) > 0);
      assert.deepEqual([all?.waitMs, all?.left], [0, 1]);
      const [bob, last] = await under.store.take(both('bob'));
      assert.deepEqual([bob?.waitMs, bob?.left, last?.waitMs, last?.left], [0, 2, 0, 0]);
    });
    test('many at once take no more than there is', async () => {
      await using under = await open();
      const limit = { ...perMinute, name: 'many', burst: 7 };
      const answers = await Promise.all(Array.from({ length: 50 }, () => one(under, limit, 'ann')));
      assert.equal(answers.filter(({ waitMs }) => waitMs === 0).length, 7);
    });
  });
}
