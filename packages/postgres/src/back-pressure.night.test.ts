import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backPressure } from './fixtures/back-pressure.ts';

test('five minutes of a consumer ten times too slow: memory stays, the lag that is told is true, nothing is lost', async (context) => {
  const seen = await backPressure({ warmMs: 30_000, forMs: 300_000, slowMs: 40, perTick: 25 });
  const { applied, ...figures } = seen;
  context.diagnostic(JSON.stringify(figures));
  assert.ok(seen.waiting > seen.written * 0.8, 'it was not too slow');
  assert.ok(applied.every((times) => times === 1));
  assert.ok(seen.isInOrder);
  assert.ok(seen.mostMiB <= 2 * seen.baseMiB, `${seen.mostMiB} MiB, from ${seen.baseMiB}`);
  assert.ok(seen.wrongReadings <= seen.lagReadings * 0.02, `${seen.wrongReadings} of ${seen.lagReadings}`);
});
