export type { DatabaseUnderTest } from './database-contract.ts';
export { databaseContract, foreignMessage } from './database-contract.ts';
export type { MemoryDatabase, MemoryDatabaseOptions, MemoryTx } from './memory-database.ts';
export { memoryDatabase } from './memory-database.ts';
export { doIt, ignored, noted } from './sample-contracts.ts';
