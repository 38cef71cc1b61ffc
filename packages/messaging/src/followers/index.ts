export type { BatchLimits } from './batches.ts';
export type { Follower, FollowerOptions, FollowerState } from './follower.ts';
export { startFollower } from './follower.ts';
export type { FollowerStore, FollowerView, HeldLanes, LaneLease } from './follower-store.port.ts';
export type { HandleMessages, Trouble } from './lane-worker.ts';
