export type { DatabaseUnderTest } from './database-contract.ts';
export {
  deliveryStoreContract,
  foreignMessage,
  idempotencyContract,
  messageLogContract,
  unitOfWorkContract,
} from './database-contract.ts';
export type { FeedUnderTest } from './feed-source-contract.ts';
export { feedSourceContract } from './feed-source-contract.ts';
export type { FollowersUnderTest } from './follower-store-contract.ts';
export { followerStoreContract } from './follower-store-contract.ts';
export type { MemoryDatabase, MemoryDatabaseOptions, MemoryTx } from './memory-database.ts';
export { memoryDatabase } from './memory-database.ts';
export { memoryParking } from './memory-parking.ts';
export { parkingContract } from './parking-contract.ts';
export { doIt, ignored, noted } from './sample-contracts.ts';
export type { Command, ServerKind, ServerPlan, TestServer } from './server-process.ts';
export { freePorts, hasCommand, startProcesses, startTestServer } from './server-process.ts';
export type { TimersUnderTest } from './timer-store-contract.ts';
export { timerStoreContract } from './timer-store-contract.ts';
