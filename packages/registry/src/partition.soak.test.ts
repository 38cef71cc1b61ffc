import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { agree, bothWays, cut, heal, oneWay, openNetwork, startCluster, watch } from './testing/partition.ts';
import { until } from './testing/until.ts';

const leaseMs = 6_000;
const evictionIntervalMs = 1_000;
const cutMs = 60_000;
const healedWithinMs = 30_000;

test('partitions of a minute, both ways and one way, cost no registry its own instances, and heal within half a minute', async (context) => {
  if (!openNetwork(context)) return;
  const common = { leaseMs, evictionIntervalMs };
  const preserving = startCluster(context, { ...common, port: 8761, selfPreservation: true });
  const evicting = startCluster(context, { ...common, port: 8762, selfPreservation: false });
  const all = [...preserving, ...evicting];
  await until(() => agree(preserving, 12) && agree(evicting, 12), 30_000);
  for (const [name, cuts] of [
    ['both ways', bothWays],
    ['one way', oneWay],
  ] as const) {
    watch(all);
    cut(cuts);
    await pause(cutMs);
    for (const one of all) assert.equal(one.fewestOwn, 4, `${name}: an instance was evicted where it renews`);
    for (const one of preserving) assert.equal(one.fewest, 12, `${name}: self-preservation let somebody go`);
    heal();
    const takenMs = await until(() => agree(preserving, 12) && agree(evicting, 12), healedWithinMs);
    context.diagnostic(`${name}: agreed ${takenMs.toFixed(0)} ms after healing`);
    watch(all);
    await pause(leaseMs + 2 * evictionIntervalMs);
    for (const one of all) assert.deepEqual([one.fewest, one.most], [12, 12], `${name}: it did not last`);
  }
});
