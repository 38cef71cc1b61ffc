import { brokerContract } from './broker-contract.ts';
import { memoryBroker } from './memory-broker.ts';

brokerContract('the broker in this process', async () => {
  const broker = memoryBroker();
  return {
    connect: () => broker.connect(),
    kill: async () => broker.stop(),
    restart: async () => broker.start(),
    async restartEmpty() {
      broker.empty();
      broker.start();
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
});
