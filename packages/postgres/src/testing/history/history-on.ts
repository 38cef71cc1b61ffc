import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import { connected } from '../../provisioning/connect.ts';
import type { ServiceName } from './history-services.ts';
import type { RealBroker } from './real-broker.ts';
import { realHistoryBroker, whyNo } from './real-broker.ts';
import { runHistory } from './run-history.ts';

const minutes = Number(process.env.MINUTES ?? 5);
const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));

/** Positions are neither looked at nor moved. */
const withoutPositions = `
  create or replace function dure.take(of_source text, at_pos bigint, of_key text, of_stream text, after_pos bigint default 0) returns text
  language sql as $$ select 'new' $$`;

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

/** One of less than a minute that must be found wrong: the other can fail. */
export function wrongHistoryOn(kind: RealBroker): void {
  test(`by ${kind}: where the inbox does not look at positions the same finds what was applied twice`, {
    skip: whyNo(kind),
  }, async (context) => {
    const prepare = ({ mirror }: Readonly<Record<ServiceName, string>>) =>
      connected(mirror, async (owner) => void (await owner.query(withoutPositions)));
    const broker = () => realHistoryBroker(kind);
    const often = { seed, seconds: 45, everyMs: 400, restartEveryMs: 12_000, patienceMs: 20_000, broker, prepare };
    const { anomalies, ...run } = await runHistory(often);
    const found = anomalies.filter(({ kind }) => kind === 'doubledEffect');
    const kinds = [...new Set(anomalies.map(({ kind }) => kind))];
    context.diagnostic(JSON.stringify({ seed, ...run, kinds, doubled: found.length }));
    assert.ok(found.length > 0 && found.every(({ where }) => where === 'mirror'), `seed ${seed}: ${kinds}`);
  });
}
