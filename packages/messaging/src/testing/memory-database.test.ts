import { fakeClock, testIds } from '@dure/core/testing';
import { databaseContract } from './database-contract.ts';
import type { MemoryTx } from './memory-database.ts';
import { memoryDatabase } from './memory-database.ts';

databaseContract<MemoryTx>('in memory', async () => {
  const db = memoryDatabase({ service: 'test', clock: fakeClock(), ids: testIds() });
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  return {
    ...db,
    count: async (tx, name) => tx.set(name, number(tx.get(name)) + 1),
    counted: async (name) => number(db.values.get(name)),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
