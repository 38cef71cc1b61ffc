import { join } from 'node:path';
import type { Clock } from '@dure/core';
import type { Client } from 'pg';
import { postgresErrors } from '../errors.ts';
import { connected } from '../provisioning/connect.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { MigrationOwner } from './apply-migration.ts';
import { applyMigration } from './apply-migration.ts';
import type { MigrationFile } from './migration-files.ts';
import { migrationFiles } from './migration-files.ts';

export interface MigrateOptions {
  /** The owner role's connection string. */
  readonly url: string;
  readonly service: string;
  /** The service's folder, in which `migrations/` and `seeds/` are; absent for Dure's own schema only. */
  readonly folder?: string;
  /** Whether seeds run too: in development and tests. */
  readonly seeds: boolean;
  readonly clock: Clock;
  /** How long to wait for another process that migrates the same database, and for each file to get the locks it needs. Default 30 000. */
  readonly lockTimeoutMs?: number;
}

/** What was applied by this run, in order: `dure/0001-log.sql`, `order/0001-create-orders.sql`. */
export interface MigrateResult {
  readonly applied: readonly string[];
}

/** Dure's own tables, which every service's database has. */
export const dureSchemaFolder = join(import.meta.dirname, '..', 'schema');

/** The session lock under which a database is migrated; any fixed number will do. */
const lockKey = 7_305_873_901;

/**
 * Brings a database up to date: first Dure's own schema, then the service's `migrations/`, then its `seeds/`, each file once,
 * in order of its number, in a transaction of its own. Where nothing is to do it costs one connection and one query. A service that works on the
 * same tables meanwhile waits for a file that is being applied, but for no longer than half a second for one that only waits itself.
 *
 * Rejects with POSTGRES_MIGRATION_NAME, POSTGRES_MIGRATION_CHANGED, POSTGRES_MIGRATION_ORDER (before anything is applied),
 * POSTGRES_MIGRATION_FAILED or POSTGRES_MIGRATION_BLOCKED (files before the one it names stay applied), POSTGRES_MIGRATION_LOCKED or
 * POSTGRES_CONNECT_FAILED, or POSTGRES_CONNECTION_LOST.
 *
 * @example
 * await migrate({ url: ownerUrl, service: 'order', folder: import.meta.dirname, seeds: true, clock: systemClock });
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const sets = await migrationSets(options);
  return connected(options.url, async (client) => {
    if (pending(sets, await appliedRows(client), options.service).length === 0) return { applied: [] };
    await lock(client, options);
    await client.query(bookkeeping);
    const todo = pending(sets, await appliedRows(client), options.service);
    const applied: string[] = [];
    for (const { set, file } of todo) {
      await applyMigration(client, set, file, options);
      applied.push(`${set.owner}/${set.kind === 'seed' ? 'seeds/' : ''}${file.name}`);
    }
    return { applied };
  });
}

interface MigrationSet extends MigrationOwner {
  readonly files: readonly MigrationFile[];
}

interface AppliedRow {
  readonly owner: string;
  readonly kind: string;
  readonly name: string;
  readonly checksum: string;
}

/** The table of what was applied. */
export const bookkeeping = `
  CREATE SCHEMA IF NOT EXISTS dure;
  CREATE TABLE IF NOT EXISTS dure.migration (
    owner text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('migration', 'seed')),
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at bigint NOT NULL,
    PRIMARY KEY (owner, kind, name)
  )`;

async function migrationSets({ service, folder, seeds }: MigrateOptions): Promise<readonly MigrationSet[]> {
  const set = async (owner: string, kind: MigrationSet['kind'], from: string): Promise<MigrationSet> => ({
    owner,
    kind,
    files: await migrationFiles(from),
  });
  return Promise.all([
    set('dure', 'migration', dureSchemaFolder),
    ...(folder === undefined ? [] : [set(service, 'migration', join(folder, 'migrations'))]),
    ...(folder === undefined || !seeds ? [] : [set(service, 'seed', join(folder, 'seeds'))]),
  ]);
}

async function appliedRows(client: Client): Promise<readonly AppliedRow[]> {
  try {
    return (await client.query<AppliedRow>('SELECT owner, kind, name, checksum FROM dure.migration')).rows;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === '42P01' || error.code === '3F000')) return [];
    throw error;
  }
}

/** What is to be applied; throws when files and rows contradict each other. */
function pending(
  sets: readonly MigrationSet[],
  rows: readonly AppliedRow[],
  service: string,
): readonly { readonly set: MigrationSet; readonly file: MigrationFile }[] {
  return sets.flatMap((set) => {
    const applied = new Map(
      rows.filter((row) => row.owner === set.owner && row.kind === set.kind).map((row) => [row.name, row.checksum]),
    );
    const last = [...applied.keys()].sort().at(-1) ?? '';
    checkRemoved(set, applied, service);
    return set.files.flatMap((file) => {
      const checksum = applied.get(file.name);
      if (checksum === undefined) {
        checkContinues(file, last, service);
        return [{ set, file }];
      }
      checkUnchanged(file, checksum, service);
      return [];
    });
  });
}

function checkRemoved(set: MigrationSet, applied: ReadonlyMap<string, string>, service: string): void {
  const present = new Set(set.files.map((file) => file.name));
  const gone = [...applied.keys()].filter((name) => !present.has(name)).sort();
  if (gone.length === 0) return;
  throw postgresErrors.MIGRATION_ORDER(
    `the database of ${service} has the ${set.kind} ${gone.join(', ')} of "${set.owner}" applied, but the file is gone; restore it`,
    { details: { service, owner: set.owner, missing: gone } },
  );
}

function checkContinues(file: MigrationFile, last: string, service: string): void {
  if (file.name > last) return;
  throw postgresErrors.MIGRATION_ORDER(
    `${file.path} is new but stands before ${last}, which the database of ${service} has applied already; give it a number above that`,
    { details: { service, file: file.path, last } },
  );
}

function checkUnchanged(file: MigrationFile, checksum: string, service: string): void {
  if (file.checksum === checksum) return;
  throw postgresErrors.MIGRATION_CHANGED(
    `${file.path} was changed after it had been applied to the database of ${service} (checksum ${checksum.slice(0, 12)} then, ${file.checksum.slice(0, 12)} now); restore it and put the change into a new file`,
    { details: { service, file: file.path, applied: checksum, found: file.checksum } },
  );
}

async function lock(client: Client, { service, lockTimeoutMs = 30_000 }: MigrateOptions): Promise<void> {
  await client.query(`SET lock_timeout = ${Math.floor(lockTimeoutMs)}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
  } catch (cause) {
    if (sqlStateOf(cause) !== '55P03')
      throw postgresErrors.CONNECTION_LOST(`the connection was lost before the database of ${service} was migrated`, {
        cause,
      });
    throw postgresErrors.MIGRATION_LOCKED(
      `another process has been migrating the database of ${service} for ${lockTimeoutMs} ms; wait for it and start again`,
      { cause, details: { service, lockTimeoutMs } },
    );
  }
}
