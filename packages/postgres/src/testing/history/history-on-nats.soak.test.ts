import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import { connected } from '../../provisioning/connect.ts';
import type { ServiceName } from './history-services.ts';
import { realHistoryBroker, whyNo } from './real-broker.ts';
import { runHistory } from './run-history.ts';

const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));
const often = { seed, everyMs: 400, restartEveryMs: 12_000, broker: () => realHistoryBroker('nats') };

test('by nats: the history of half a minute in which the broker and everything else is broken has no anomaly', {
  skip: whyNo('nats'),
}, async (context) => {
  const { anomalies, ...run } = await runHistory({ ...often, seconds: 30 });
  context.diagnostic(JSON.stringify({ seed, ...run }));
  assert.deepEqual(anomalies.slice(0, 10), [], `seed ${seed}`);
  const { units = 0, polls = 0, effects = 0 } = run.size;
  assert.ok(Math.min(units, polls, effects) > 100, `${units} units of work, ${polls} polls, ${effects} effects`);
});

/** Positions are neither looked at nor moved. */
const withoutPositions = `
  create or replace function dure.take(of_source text, at_pos bigint, of_key text, of_stream text, after_pos bigint default 0) returns text
  language sql as $$ select 'new' $$`;

test('by nats: where the inbox does not look at positions the same finds what was applied twice', {
  skip: whyNo('nats'),
}, async (context) => {
  const prepare = ({ mirror }: Readonly<Record<ServiceName, string>>) =>
    connected(mirror, async (owner) => void (await owner.query(withoutPositions)));
  const { anomalies, ...run } = await runHistory({ ...often, seconds: 15, patienceMs: 5_000, prepare });
  const found = anomalies.filter(({ kind }) => kind === 'doubledEffect');
  const kinds = [...new Set(anomalies.map(({ kind }) => kind))];
  context.diagnostic(JSON.stringify({ seed, ...run, kinds, doubled: found.length }));
  assert.ok(found.length > 0 && found.every(({ where }) => where === 'mirror'), `seed ${seed}: ${kinds}`);
});
