import { fakeClock, testIds } from '@dure/core/testing';
import { eventStoreContract } from './event-store-contract.ts';
import { memoryEventStore } from './memory-event-store.ts';

eventStoreContract('in memory', async () => {
  const store = memoryEventStore({ service: 'test', clock: fakeClock(), ids: testIds() });
  return { store, uow: store.uow, [Symbol.asyncDispose]: async () => undefined };
});
