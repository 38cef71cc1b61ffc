import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import { runHistory } from './run-history.ts';

const minutes = Number(process.env.MINUTES ?? 10);
const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));

test(`the history of ${minutes} minutes of kills, freezes, cut connections and restarts has no anomaly`, async (context) => {
  const run = { seed, seconds: minutes * 60, everyMs: 1_000, restartEveryMs: 45_000 };
  const { anomalies, size, faults } = await runHistory(run);
  context.diagnostic(JSON.stringify({ seed, size, faults }));
  assert.deepEqual(anomalies.slice(0, 10), [], `seed ${seed}`);
  assert.ok((size.units ?? 0) > 3_000 && (size.unknown ?? 0) > 0 && (size.failed ?? 0) > 0, JSON.stringify(size));
  assert.ok((faults.immediate ?? 0) > 2 && (faults.fast ?? 0) > 2 && (faults.freeze ?? 0) > 2, JSON.stringify(faults));
});
