export type { TestDatabase, TestDatabaseOptions } from './test-database.ts';
export { testDatabase } from './test-database.ts';
