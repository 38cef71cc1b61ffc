import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import type { RealBroker } from './real-broker.ts';
import { realHistoryBroker, whyNo } from './real-broker.ts';
import { runHistory } from './run-history.ts';

const minutes = Number(process.env.MINUTES ?? 5);
const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));

/** The history of minutes in which a real broker is broken beside everything else. */
export function historyOn(kind: RealBroker): void {
  test(`by ${kind}: the history of ${minutes} minutes in which the broker is frozen, killed, emptied and cut off beside everything else has no anomaly`, {
    skip: whyNo(kind),
  }, async (context) => {
    const broker = () => realHistoryBroker(kind);
    const run = { seed, seconds: minutes * 60, everyMs: 1_000, restartEveryMs: 45_000, broker };
    const { anomalies, size, faults } = await runHistory(run);
    context.diagnostic(JSON.stringify({ kind, minutes, seed, size, faults, anomalies: anomalies.length }));
    assert.deepEqual(anomalies.slice(0, 10), [], `seed ${seed}`);
    assert.ok((size.units ?? 0) > 300 * minutes, JSON.stringify(size));
    for (const way of ['brokerFrozen', 'brokerKilled', 'brokerEmptied', 'brokerCut', 'brokerParted', 'freeze', 'kill'])
      assert.ok((faults[way] ?? 0) > 0, `${way}: ${JSON.stringify(faults)}`);
  });
}
