import { fakeClock, testIds } from '@dure/core/testing';
import { claimStoreContract } from './claim-store-contract.ts';
import type { MemorySagaTx } from './memory-sagas.ts';
import { memorySagas } from './memory-sagas.ts';
import { sagaFenceContract } from './saga-fence-contract.ts';
import { sagaStoreContract } from './saga-store-contract.ts';

const dispose = { [Symbol.asyncDispose]: async () => undefined };

sagaStoreContract('in memory', async () => {
  const sagas = memorySagas({ service: 'test', clock: fakeClock(), ids: testIds() });
  return { ...sagas, messages: async () => sagas.messages, ...dispose };
});

sagaFenceContract('in memory', async () => {
  const sagas = memorySagas({ service: 'test', clock: fakeClock(), ids: testIds() });
  return {
    ...sagas,
    count: async (tx: MemorySagaTx, name) => tx.set(name, Number(tx.get(name) ?? 0) + 1),
    counted: async (name) => Number(sagas.values.get(name) ?? 0),
    ...dispose,
  };
});

claimStoreContract('in memory', async () => ({
  ...memorySagas({ service: 'test', clock: fakeClock(), ids: testIds() }),
  ...dispose,
}));
