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
export type { MemoryDatabase, MemoryDatabaseOptions, MemoryTx } from './memory-database.ts';
export { memoryDatabase } from './memory-database.ts';
export { doIt, ignored, noted } from './sample-contracts.ts';
