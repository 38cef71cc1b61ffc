import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import type { Client } from 'pg';
import { postgresErrors } from '../errors.ts';
import { connected } from '../provisioning/connect.ts';
import { sqlStateOf } from '../sql-state.ts';
import { failedMigration } from './migration-failure.ts';
import type { MigrationFile } from './migration-files.ts';

/** Whose file it is, and what for. */
export interface MigrationOwner {
  readonly owner: string;
  readonly kind: 'migration' | 'seed';
}

export interface ApplyOptions {
  /** The owner role's connection string. */
  readonly url: string;
  readonly service: string;
  readonly clock: Clock;
  /** How long to try. Default 30 000. */
  readonly lockTimeoutMs?: number;
}

/**
 * Below a second, after which PostgreSQL looks for deadlocks: of a migration and a unit of work that wait for each other it is always the
 * migration that gives way.
 */
const tableLockMs = 500;
const [firstPauseMs, longestPauseMs] = [100, 2_000];

/**
 * Applies one file in a transaction of its own. While it waits for a table, everybody else who wants that table waits behind it, even if whoever
 * has it only reads; so it waits for a moment only, undoes what it has done, lets the others through and begins anew, until
 * `lockTimeoutMs` are over (as pgroll and strong_migrations have it).
 */
export async function applyMigration(
  client: Client,
  whose: MigrationOwner,
  file: MigrationFile,
  options: ApplyOptions,
): Promise<void> {
  const { clock, service, lockTimeoutMs = 30_000 } = options;
  refuseTransactionControl(file, service);
  const giveUpAt = clock.monotonicMs() + lockTimeoutMs;
  for (let attempt = 1, blockers: readonly string[] = []; ; attempt += 1) {
    const watch = attempt === 1 ? undefined : watchBlockers(client, options);
    try {
      return await once(client, whose, file, clock.now());
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if (!isInTheWay(error)) throw failedMigration(file, service, error);
      blockers = (await watch?.seen()) ?? blockers;
      const pauseMs = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs);
      if (clock.monotonicMs() + pauseMs >= giveUpAt) throw blocked(file, options, { attempt, blockers, cause: error });
      await wait(clock, pauseMs);
    } finally {
      watch?.stop();
    }
  }
}

async function once(client: Client, { owner, kind }: MigrationOwner, file: MigrationFile, at: number): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${tableLockMs}`);
  await client.query(file.sql);
  await client.query(
    'INSERT INTO dure.migration (owner, kind, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)',
    [owner, kind, file.name, file.checksum, at],
  );
  await client.query('COMMIT');
}

/** A lock that was not to be had in time, or a deadlock. */
function isInTheWay(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '55P03' || state === '40P01';
}

const blockersOf = `
  SELECT format('%s (process %s)', coalesce(nullif(a.application_name, ''), a.usename), a.pid) AS who
  FROM unnest(pg_blocking_pids($1)) AS b(pid) JOIN pg_stat_activity a USING (pid) ORDER BY a.pid`;

/** Looks, while an attempt waits, whom it waits for: afterwards nobody knows. */
function watchBlockers(client: Client, { url, clock }: ApplyOptions) {
  const { processID } = client as unknown as { readonly processID: number };
  let looking: Promise<readonly string[] | undefined> = Promise.resolve(undefined);
  const timer = clock.after(tableLockMs / 2, () => {
    looking = connected(url, async (other) =>
      (await other.query<{ readonly who: string }>(blockersOf, [processID])).rows.map(({ who }) => who),
    ).catch(() => undefined);
  });
  return { seen: () => looking, stop: () => timer.cancel() };
}

interface Blocked {
  readonly attempt: number;
  readonly blockers: readonly string[];
  readonly cause: unknown;
}

function blocked(file: MigrationFile, options: ApplyOptions, { attempt, blockers, cause }: Blocked): Error {
  const { service, lockTimeoutMs = 30_000 } = options;
  const by = blockers.length === 0 ? 'another transaction' : blockers.join(', ');
  return postgresErrors.MIGRATION_BLOCKED(
    `${file.path} (service ${service}) did not get a lock that ${by} holds, in ${attempt} attempts within ${lockTimeoutMs} ms; nothing of this file was applied; end that transaction and start again`,
    { cause, details: { service, file: file.path, attempts: attempt, blockers } },
  );
}

function refuseTransactionControl(file: MigrationFile, service: string): void {
  const match = /^[ \t]*(begin|commit|rollback|start[ \t]+transaction)[ \t]*;/im.exec(file.sql);
  if (match === null) return;
  const line = file.sql.slice(0, match.index).split('\n').length;
  throw postgresErrors.MIGRATION_FAILED(
    `${file.path}, line ${line} (service ${service}): "${match[1]}" is not allowed, because each file already runs in a transaction of its own; remove it`,
    { details: { service, file: file.path, line } },
  );
}
