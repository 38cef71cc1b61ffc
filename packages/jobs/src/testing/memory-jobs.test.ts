import { fakeClock, testIds } from '@dure/core/testing';
import type { MemoryTx } from '@dure/messaging/testing';
import { memoryDatabase } from '@dure/messaging/testing';
import { jobStoreContract } from './job-store-contract.ts';
import { memoryJobs } from './memory-jobs.ts';

jobStoreContract<MemoryTx>('in memory', async (clock = fakeClock()) => {
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  return {
    ...db,
    jobs: memoryJobs(clock, db),
    count: async (tx, name) => tx.set(name, number(tx.get(name)) + 1),
    counted: async (name) => number(db.values.get(name)),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
