import { busTransportContract } from '../testing/bus-transport-contract.ts';
import { memoryBus } from '../testing/memory-bus.ts';

busTransportContract('memory', async () => ({ resource: memoryBus(), [Symbol.asyncDispose]: async () => {} }));
