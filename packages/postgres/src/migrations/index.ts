export type { MigrateOptions, MigrateResult } from './migrate.ts';
export { migrate } from './migrate.ts';
