import { fakeClock, testIds } from '@dure/core/testing';
import type { DatabaseUnderTest } from './database-contract.ts';
import {
  deliveryStoreContract,
  idempotencyContract,
  messageLogContract,
  unitOfWorkContract,
} from './database-contract.ts';
import type { MemoryTx } from './memory-database.ts';
import { memoryDatabase } from './memory-database.ts';

async function open(): Promise<DatabaseUnderTest<MemoryTx>> {
  const db = memoryDatabase({ service: 'test', clock: fakeClock(), ids: testIds() });
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  return {
    ...db,
    count: async (tx, name) => tx.set(name, number(tx.get(name)) + 1),
    counted: async (name) => number(db.values.get(name)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

unitOfWorkContract('in memory', open);
messageLogContract('in memory', open);
deliveryStoreContract('in memory', open);
idempotencyContract('in memory', open);
