export type { BusTransportWorld } from './bus-transport-contract.ts';
export { busTransportContract } from './bus-transport-contract.ts';
export type { GitRemote } from './git-remote.ts';
export { gitRemote } from './git-remote.ts';
export { memoryBus } from './memory-bus.ts';
export type { RunningConfig } from './start-config.ts';
export { startConfig } from './start-config.ts';
