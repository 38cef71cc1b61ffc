import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { agree, bothWays, cut, heal, openNetwork, startCluster, watch } from './testing/partition.ts';
import { until } from './testing/until.ts';

const leaseMs = 3_000;
const evictionIntervalMs = 1_000;
const healedWithinMs = 10_000;

test('after a partition longer than three leases the registries agree within ten seconds and no ghost stays, with self-preservation and without', async (context) => {
  if (!openNetwork(context)) return;
  const common = { leaseMs, evictionIntervalMs };
  const preserving = startCluster(context, { ...common, port: 8761, selfPreservation: true });
  const evicting = startCluster(context, { ...common, port: 8762, selfPreservation: false });
  await until(() => agree(preserving, 12) && agree(evicting, 12), 15_000);
  watch([...preserving, ...evicting]);

  cut(bothWays);
  for (const [first] of [preserving, evicting]) first?.child.stdin?.write('close one\n');
  await pause(3.2 * leaseMs);
  const seen = (cluster: typeof preserving) =>
    cluster.map(({ up, fewest, fewestOwn }) => [up.length, fewest, fewestOwn]);
  assert.deepEqual(
    seen(preserving),
    [
      [11, 11, 3],
      [12, 12, 4],
      [12, 12, 4],
    ],
    'self-preservation: nobody is evicted, on neither side',
  );
  assert.deepEqual(
    seen(evicting),
    [
      [3, 3, 3],
      [8, 8, 4],
      [8, 8, 4],
    ],
    'without it leases end: each side keeps its own, and only these',
  );

  heal();
  const takenMs = await until(() => agree(preserving, 11) && agree(evicting, 11), healedWithinMs);
  context.diagnostic(`agreed ${takenMs.toFixed(0)} ms after healing`);
  watch([...preserving, ...evicting]);
  await pause(leaseMs + 2 * evictionIntervalMs);
  for (const one of [...preserving, ...evicting])
    assert.deepEqual([one.fewest, one.most], [11, 11], 'a ghost came back');
});
