import type { Clock, Random } from '@dure/core';
import { ids, messageOf, wait } from '@dure/core';
import type { Database } from '@dure/postgres';
import { silentTelemetry } from '@dure/telemetry';
import { dureErrors } from './errors.ts';
import type { Finding, Invariant, ReadOnlyDatabase } from './invariant.ts';

/** Whether an invariant holds, and by which figures. */
export interface Verdict extends Finding {
  readonly name: string;
  readonly violations: readonly string[];
}

export interface VerifyOptions {
  readonly invariants: readonly Invariant[];
  /** Connection strings of the services' own roles, by service. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Databases of several services cannot be read at the same instant, so an invariant that does not hold is looked at
   * again for this long, in milliseconds. Default 3 000.
   */
  readonly settleMs?: number;
}

const againMs = 200;
const maxViolations = 20;

/** Checks invariants against the databases, reading only. A check that fails to run counts as one that does not hold. */
export async function verifyInvariants(options: VerifyOptions): Promise<readonly Verdict[]> {
  if (options.invariants.length === 0) return [];
  const services = new Set(options.invariants.flatMap(({ reads }) => reads));
  const opened = new Map<string, Database>();
  await using stack = new AsyncDisposableStack();
  const { openDatabase } = await import('@dure/postgres');
  for (const service of services) {
    const { clock, random } = options;
    const telemetry = silentTelemetry();
    const url = urlOf(service, options.databaseUrls);
    // One connection for each invariant: none ever waits for what another holds.
    const poolSize = options.invariants.length;
    opened.set(service, stack.use(openDatabase({ url, service, clock, ids: ids(clock, random), telemetry, poolSize })));
  }
  return await Promise.all(options.invariants.map((invariant) => verdictOn(invariant, opened, options)));
}

async function verdictOn(
  invariant: Invariant,
  databases: ReadonlyMap<string, Database>,
  { clock, settleMs = 3_000 }: VerifyOptions,
): Promise<Verdict> {
  const deadline = clock.monotonicMs() + settleMs;
  for (;;) {
    const finding = await findingOf(invariant, databases);
    if (finding.holds || clock.monotonicMs() >= deadline) {
      return { name: invariant.name, ...finding, violations: (finding.violations ?? []).slice(0, maxViolations) };
    }
    await wait(clock, againMs);
  }
}

async function findingOf(invariant: Invariant, databases: ReadonlyMap<string, Database>): Promise<Finding> {
  const chosen = invariant.reads.flatMap((service) => {
    const database = databases.get(service);
    return database === undefined ? [] : [[service, database] as const];
  });
  try {
    return await withSnapshots(chosen, {}, (snapshots) => invariant.check(snapshots));
  } catch (error) {
    return { holds: false, figures: {}, violations: [`the check failed: ${messageOf(error)}`] };
  }
}

/** Opens a snapshot of one database after the other and runs `work` inside all of them. */
async function withSnapshots<T>(
  rest: readonly (readonly [string, Database])[],
  opened: Readonly<Record<string, ReadOnlyDatabase>>,
  work: (snapshots: Readonly<Record<string, ReadOnlyDatabase>>) => Promise<T>,
): Promise<T> {
  const [first, ...others] = rest;
  if (first === undefined) return work(opened);
  const [service, database] = first;
  const { sql } = await import('@dure/postgres');
  return database.read.connection().execute(async (connection) => {
    await sql.raw('begin isolation level repeatable read read only').execute(connection);
    try {
      const snapshot: ReadOnlyDatabase = {
        rows: async <Row extends object>(query: string) => (await sql.raw<Row>(query).execute(connection)).rows,
      };
      return await withSnapshots(others, { ...opened, [service]: snapshot }, work);
    } finally {
      await sql.raw('rollback').execute(connection);
    }
  });
}

function urlOf(service: string, urls: Readonly<Record<string, string>>): string {
  const url = urls[service];
  if (url !== undefined) return url;
  throw dureErrors.SYSTEM_INVALID(
    `an invariant reads the database of "${service}", which has none; the services with a database are ${Object.keys(urls).join(', ') || 'none'}`,
    { details: { service } },
  );
}
