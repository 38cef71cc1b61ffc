import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { foreignMessage } from '../testing/database-contract.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { startSettler } from './settler.ts';

test('of messages of several streams those of the first one go together, up to the first of another', async () => {
  const clock = fakeClock();
  const { deliveries } = memoryDatabase({ service: 'test', clock, ids: testIds() });
  await using settler = startSettler<MemoryTx>({
    source: 'other',
    streamOf: ({ key }) => key,
    as: 'test',
    deliveries,
    dispatch: async () => undefined,
    clock,
    telemetry: silentTelemetry(),
  });
  const some = (...keys: readonly string[]) =>
    keys.map((key, index) => foreignMessage({ position: index + 1, id: `${key}-${index}`, key }));
  const all = some('a', 'a', 'a', 'a', 'a', 'b', 'a');
  assert.equal(await settler.settleSome(all), 1, 'the first one alone');
  assert.equal(await settler.settleSome(all.slice(1)), 2);
  assert.equal(await settler.settleSome(all.slice(3)), 2, 'up to the first of another');
  assert.deepEqual(await Promise.all(['a', 'b'].map((stream) => deliveries.position(stream))), [5, 0]);
  assert.equal(await settler.settleSome(some('b', 'b')), 1, 'each stream begins with one');
});
