import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import fc from 'fast-check';
import { minHeap } from './min-heap.ts';
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

const expire = () => undefined;

/** What a short wait costs, from adding it to its end, while long ones with so many different ends are under way. */
function perShortWaitMs(waits: number, ends: number, sweeps: number): number {
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
  const watched = sweeper<Expiring>(clock);
  for (let item = 0; item < waits; item += 1) watched.add({ endsAt: now + 5_000 + (item % ends), expire });
  const beganAt = performance.now();
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    watched.add({ endsAt: now + 1, expire });
    now += 1;
    fire();
  }
  return (performance.now() - beganAt) / sweeps;
}

test('a sweep costs what has expired, not what is under way', () => {
  perShortWaitMs(1_000, 1_000, 500);
  assert.ok(perShortWaitMs(200_000, 1_000, 500) < 0.6, 'a set of 200 000 takes more than a millisecond to walk');
});

// Regression: a new end was sought from the latest one on, and moved all that come after it.
test('a short wait costs no more when long ones end in a hundred thousand different milliseconds', () => {
  perShortWaitMs(1_000, 1_000, 500);
  const costs = [1, 2, 3].map(() => perShortWaitMs(100_000, 100_000, 1_000));
  assert.ok(Math.min(...costs) < 0.02, `${Math.min(...costs)} ms; a sorted list took 0.07`);
});

test('a heap gives back what was added, the least first', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ max: 50, min: 0 }), fc.constant('remove' as const))), (steps) => {
      const heap = minHeap();
      const expected: number[] = [];
      for (const step of steps) {
        if (step === 'remove') {
          heap.removeLeast();
          expected.shift();
        } else {
          heap.add(step);
          expected.push(step);
          expected.sort((one, other) => one - other);
        }
        assert.equal(heap.least, expected[0]);
      }
    }),
  );
});
