import type { Clock, Health } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { Answer } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { sqlStateOf } from './sql-state.ts';

/** Why a database that answers takes no writes. */
export type RefusalReason = 'disk-full' | 'read-only';

const reasons: ReadonlyMap<string, RefusalReason> = new Map([
  ['53100', 'disk-full'],
  ['25006', 'read-only'],
]);

/** How long after the last refusal a full disk counts as full: reading does not tell, and nobody writes to find out. */
const quietMs = 10_000;

/** Remembers that the database has refused writes, for its health. */
export class RefusedWrites {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Pick<Logger, 'error'>;
  #last: { readonly reason: RefusalReason; readonly error: string; readonly since: number; at: number } | undefined;

  constructor(clock: Pick<Clock, 'now'>, log: Pick<Logger, 'error'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks at what a unit of work has failed with. */
  note(error: unknown): void {
    const reason = refusalReason(error);
    if (reason === undefined) return;
    const at = this.#clock.now();
    const before = this.#current;
    if (before?.reason === reason) before.at = at;
    else {
      this.#last = { reason, error: rootOf(error), since: at, at };
      this.#log.error('the database refuses writes', { reason, error });
    }
  }

  /** What its health is, given what `stateQuery` has answered; undefined when nothing is known against it. */
  judge({ rows: [row] }: Answer): Pick<Health, 'status' | 'details'> | undefined {
    const isReadOnly = row?.read_only === true;
    if (this.#last?.reason === 'read-only' ? !isReadOnly : this.#current === undefined) this.#last = undefined;
    if (isReadOnly) return down({ reason: 'read-only', error: row.standby === true ? standby : setReadOnly });
    return this.memory;
  }

  /** What it last refused with before it fell silent: a server whose own log finds no room does not even answer. */
  get memory(): Pick<Health, 'status' | 'details'> | undefined {
    if (this.#last === undefined) return undefined;
    const { reason, error, since } = this.#last;
    return down({ reason, error, since });
  }

  get #current() {
    const last = this.#last;
    return last !== undefined && this.#clock.now() - last.at < quietMs ? last : undefined;
  }
}

/** Tells whether the database can be written to at all. */
export const stateQuery =
  "select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as read_only";

const standby = 'the server is a standby, which takes no writes';
const setReadOnly = 'the database, its role or the server is set to default_transaction_read_only';

/** The error for whoever wanted to write; undefined when that is not what went wrong. POSTGRES_WRITES_REFUSED. */
export function refusedWrite(error: unknown, service: string): Error | undefined {
  const reason = refusalReason(error);
  if (reason === undefined) return undefined;
  return postgresErrors.WRITES_REFUSED(
    `the database of ${service} takes no writes (${reason}): ${rootOf(error)}; nothing was committed`,
    { cause: error, details: { reason } },
  );
}

function refusalReason(error: unknown): RefusalReason | undefined {
  return reasons.get(sqlStateOf(error) ?? '');
}

/** In PostgreSQL's words. */
function rootOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && !('severity' in at) && at.cause !== undefined) at = at.cause;
  return at instanceof Error ? at.message : String(at);
}

function down(details: Readonly<Record<string, unknown>>): Pick<Health, 'status' | 'details'> {
  return { status: 'DOWN', details };
}
