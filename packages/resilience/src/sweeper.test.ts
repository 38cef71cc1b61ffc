import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import fc from 'fast-check';
import type { Expiring } from './sweeper.ts';
import { sweeper } from './sweeper.ts';

test('whatever is added and removed, each expires once, at its time, by one timer; what was removed never does', async () => {
  const wait = fc.record({
    afterMs: fc.integer({ min: 0, max: 500 }),
    removedAfterMs: fc.option(fc.integer({ min: 0, max: 500 })),
  });
  const step = fc.record({ passMs: fc.integer({ min: 0, max: 60 }), waits: fc.array(wait, { maxLength: 5 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20, size: 'max' }), async (steps) => {
      const clock = fakeClock();
      const waits = sweeper<Expiring>(clock);
      const wrong: string[] = [];
      let [expected, expired, removals] = [0, 0, 0];
      for (const { passMs, waits: added } of steps) {
        for (const { afterMs, removedAfterMs } of added) {
          const endsAt = clock.monotonicMs() + afterMs;
          const item = {
            endsAt,
            expire: () => {
              expired += 1;
              if (clock.monotonicMs() !== endsAt) wrong.push(`${endsAt} expired at ${clock.monotonicMs()}`);
            },
          };
          waits.add(item);
          if (removedAfterMs === null || removedAfterMs >= afterMs) expected += 1;
          else {
            removals += 1;
            clock.after(removedAfterMs, () => {
              removals -= 1;
              waits.remove(item);
            });
          }
        }
        assert.ok(clock.pending - removals <= 1, 'one timer for all');
        await clock.advance(passMs);
      }
      await clock.advance(1_000);
      assert.deepEqual(wrong, []);
      assert.equal(expired, expected);
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 50 },
  );
});

test('a wait that is added while others expire is watched as well', async () => {
  const clock = fakeClock();
  const waits = sweeper<Expiring>(clock);
  const seen: number[] = [];
  const again = (left: number): Expiring => ({
    endsAt: clock.monotonicMs() + 10,
    expire: () => {
      seen.push(clock.monotonicMs());
      if (left > 0) waits.add(again(left - 1));
    },
  });
  waits.add(again(2));
  await clock.advance(100);
  assert.deepEqual(seen, [10, 20, 30]);
});

test('a sweep costs what has expired, not what is under way', () => {
  let now = 0;
  let fire = () => {};
  const clock = {
    ...fakeClock(),
    monotonicMs: () => now,
    after: (_: number, run: () => void) => {
      fire = run;
      return { cancel: () => undefined };
    },
  };
  const perSweepMs = (underWay: number) => {
    const waits = sweeper<Expiring>(clock);
    const expire = () => undefined;
    for (let item = 0; item < underWay; item += 1) waits.add({ endsAt: now + 5_000 + (item % 1_000), expire });
    const beganAt = performance.now();
    for (let sweep = 0; sweep < 500; sweep += 1) {
      waits.add({ endsAt: now + 1, expire });
      now += 1;
      fire();
    }
    return (performance.now() - beganAt) / 500;
  };
  perSweepMs(1_000);
  assert.ok(perSweepMs(200_000) < 0.2, 'a set of 200 000 takes a millisecond to walk');
});
