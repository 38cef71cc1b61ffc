import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberSet } from './number-set.ts';

test('a set of numbers holds what a Set holds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 })), (numbers) => {
      const [mine, model] = [numberSet(), new Set<number>()];
      for (const number of numbers) {
        mine.add(number);
        model.add(number);
      }
      assert.equal(mine.size, model.size);
      for (const number of numbers) {
        for (const near of [number - 1, number, number + 1]) assert.equal(mine.has(near), model.has(near));
      }
    }),
  );
});
