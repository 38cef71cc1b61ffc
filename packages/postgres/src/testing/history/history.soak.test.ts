import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import { advanceVariants } from '../../fence/advance-variants.ts';
import { connected } from '../../provisioning/connect.ts';
import type { ServiceName } from './history-services.ts';
import { runHistory } from './run-history.ts';

const seed = randomInteger(systemRandom, 1, 2 ** 31 - 1);
const often = { seed, everyMs: 400, restartEveryMs: 6_000 };

test('the history of twenty seconds in which everything is broken has no anomaly', async (context) => {
  const { anomalies, ...run } = await runHistory({ ...often, seconds: 20 });
  context.diagnostic(JSON.stringify({ seed, ...run }));
  assert.deepEqual(anomalies.slice(0, 10), [], `seed ${seed}`);
  const { units = 0, polls = 0, effects = 0 } = run.size;
  assert.ok(Math.min(units, polls, effects) > 100, `${units} units of work, ${polls} polls, ${effects} effects`);
});

const slowCommits = `
  create function dure.slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.01); return null; end';
  create constraint trigger slowly after insert on dure.log deferrable initially deferred for each row execute function dure.slowly()`;

test('with the two steps of the fence swapped the same finds what was passed by', async (context) => {
  // Every writer is seen in the middle.
  const prepare = async ({ orders }: Readonly<Record<ServiceName, string>>) => {
    await advanceVariants(orders).install('swapped', 'perform pg_sleep(0.02);');
    await connected(orders, (owner) => owner.query(slowCommits));
  };
  const { anomalies, ...run } = await runHistory({
    ...often,
    seconds: 15,
    restartEveryMs: 60_000,
    patienceMs: 5_000,
    prepare,
  });
  const kinds = new Set(anomalies.map(({ kind }) => kind));
  context.diagnostic(JSON.stringify({ seed, ...run, kinds: [...kinds] }));
  assert.ok(kinds.has('skippedPoll'), `seed ${seed}: ${[...kinds]}`);
});
