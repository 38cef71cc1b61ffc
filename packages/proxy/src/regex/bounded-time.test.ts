import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { hostilePatterns } from '../testing/hostile-patterns.ts';
import { javaExpression, patternBudget, replacementFor } from './java-expression.ts';

test('there are at least a hundred of them', () => {
  assert.ok(new Set(hostilePatterns.map(([pattern]) => pattern)).size >= 100);
});

/** The processor time that something takes, in milliseconds; unlike a clock it does not count the neighbours. */
function tookMs(work: () => void): number {
  const before = process.threadCpuUsage();
  try {
    work();
  } catch (error) {
    // To give up in time is what is promised.
    assert.equal(codeOf(error), gatewayErrors.PATTERN_EXHAUSTED.code);
  }
  return process.threadCpuUsage(before).user / 1_000;
}

for (const [pattern, pump, prefix = ''] of hostilePatterns) {
  test(`"${pattern}" holds nothing up for 50 ms, however long the text`, () => {
    const expression = javaExpression(pattern);
    const replacement = replacementFor(expression, '-');
    for (const length of [30, 300, 51_200]) {
      const text = `${prefix}${pump.repeat(Math.ceil(length / pump.length))}\u0000`;
      const tested = tookMs(() => expression.test(text));
      const replaced = tookMs(() => expression.replaceAll(text, replacement));
      assert.ok(tested < 50, `test of ${length} characters: ${tested} ms`);
      assert.ok(replaced < 50, `replaceAll of ${length} characters: ${replaced} ms`);
    }
  });
}

test('all of them together, on one text, take no longer than one request may: what is left of the budget counts', () => {
  const expressions = hostilePatterns.map(([pattern]) => javaExpression(pattern));
  for (const text of ['a'.repeat(1_000), `${'a'.repeat(51_200)}\u0000`, ` ${'a=a;'.repeat(2_000)}`]) {
    const budget = patternBudget();
    const took = tookMs(() => {
      for (const expression of expressions) expression.test(text, budget);
    });
    assert.ok(took < 50, `${expressions.length} patterns on ${text.length} characters: ${took} ms`);
  }
});
