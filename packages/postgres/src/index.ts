export type {
  ColumnType,
  ExpressionBuilder,
  Generated,
  GeneratedAlways,
  Insertable,
  Kysely,
  RawBuilder,
  Selectable,
  Transaction,
  Updateable,
} from 'kysely';
export { sql } from 'kysely';
export type { ConfigChange, ConfigDatabase, ConfigScalar, ConfigScope, ConfigTable } from './config/config-table.ts';
export { configTable } from './config/config-table.ts';
export type { PostgresBackend, PostgresBackendOptions } from './config/postgres-backend.ts';
export { postgresBackend } from './config/postgres-backend.ts';
export type { Database, DatabaseOptions } from './database.ts';
export { openDatabase, reactionsFollower } from './database.ts';
export { postgresErrors } from './errors.ts';
export type { ProjectionTable, Projector } from './event-sourcing/index.ts';
export { forgetSubject, postgresEventStore } from './event-sourcing/index.ts';
export type { Companions } from './log-bell.ts';
export type { Retention } from './log-keeper.ts';
export type { MigrateOptions, MigrateResult } from './migrations/index.ts';
export { migrate } from './migrations/index.ts';
export { wholeWithin } from './payloads/postgres-payload-store.ts';
export type { DatabaseOrder, ProvisionedDatabase, ProvisionOptions } from './provisioning/index.ts';
export { newPassword, provisionDatabases, verifyIsolation } from './provisioning/index.ts';
export type { ReadPolicy } from './read-freshness.ts';
export type { LayerKit, PostgresResource } from './resource.ts';
export { migrations } from './resource.ts';
export type { StartSagasOptions } from './saga/index.ts';
export { postgresClaims, postgresFlowStore, postgresSagaFence, postgresSagaStore, startSagas } from './saga/index.ts';
export type { Submission, Submissions, Taken } from './submissions.ts';
export { postgresSubmissions } from './submissions.ts';
export type { StartableSaga, StartSaga, Tx, TxInside } from './transaction.ts';
