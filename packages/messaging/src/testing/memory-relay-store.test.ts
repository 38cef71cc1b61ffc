import { fakeClock } from '@dure/core/testing';
import { memoryRelayStore } from './memory-relay-store.ts';
import { relayStoreContract } from './relay-store-contract.ts';

relayStoreContract('in memory', async () => {
  const clock = fakeClock();
  return {
    store: memoryRelayStore(clock),
    pass: async (ms) => clock.advance(ms),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
