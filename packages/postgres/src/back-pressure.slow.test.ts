import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backPressure } from './fixtures/back-pressure.ts';

test('a consumer ten times slower than its source holds no more than a page, tells its lag, and loses nothing', async (context) => {
  const seen = await backPressure({ warmMs: 1_000, forMs: 4_500, slowMs: 40, perTick: 25 });
  const { applied, ...figures } = seen;
  context.diagnostic(JSON.stringify(figures));
  assert.ok(seen.waiting > seen.written / 2, 'it was not too slow');
  assert.ok(applied.every((times) => times === 1));
  assert.ok(seen.isInOrder);
  assert.ok(seen.mostInHand < seen.waiting, `${seen.mostInHand} in hand`);
  assert.ok(seen.largestLagMs > 2_000, `${seen.largestLagMs} ms`);
  assert.ok(seen.wrongReadings <= seen.lagReadings * 0.1, `${seen.wrongReadings} of ${seen.lagReadings}`);
});
