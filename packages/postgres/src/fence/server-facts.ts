import { messageOf } from '@dure/core';
import type { Client } from 'pg';
import { postgresErrors } from '../errors.ts';
import { connected } from '../provisioning/connect.ts';

/** What makes a proof on this server say less, or what its owner should know. */
export type ServerWarning =
  | { readonly what: 'fsync' }
  | { readonly what: 'synchronous-commit' }
  /** Fewer writers and readers than usual, so that others can still connect. */
  | { readonly what: 'few-connections'; readonly free: number }
  /** A scratch database of a run that was killed. */
  | { readonly what: 'left-over'; readonly database: string };

/** The server on which something is to be proved. */
export interface ServerFacts {
  /** `18.4` */
  readonly version: string;
  readonly host: string;
  readonly user: string;
  readonly crowd: Crowd;
  readonly warnings: readonly ServerWarning[];
}

/** How many write and read. */
export interface Crowd {
  readonly writers: number;
  readonly services: number;
  readonly readers: number;
}

/** Scratch databases are called this and something random. */
export const scratchPrefix = 'dure_prove_';

const oldest = { number: 140_000, name: '14' } as const;
/** With the sessions that they take at most, and those that they leave to others. */
const crowds = [
  { crowd: { writers: 16, services: 2, readers: 3 }, sessions: 40, leaves: 10 },
  { crowd: { writers: 6, services: 1, readers: 2 }, sessions: 20, leaves: 5 },
] as const;

/**
 * Looks at a server before anything is made on it. POSTGRES_SERVER_UNFIT when nothing could be proved there or others would
 * be harmed, POSTGRES_CREATEDB_MISSING, POSTGRES_CONNECT_FAILED.
 */
export async function serverFacts(url: string): Promise<ServerFacts> {
  return connected(url, async (client) => {
    const row = await asked(client);
    const { host } = new URL(url);
    refuse(row, host);
    await refusePooler(client, url, host);
    const { crowd, isSmall } = crowdFor(row, host);
    const warnings: ServerWarning[] = [
      ...(row.fsync === 'off' ? [{ what: 'fsync' } as const] : []),
      ...(row.synchronous_commit === 'off' ? [{ what: 'synchronous-commit' } as const] : []),
      ...(isSmall ? [{ what: 'few-connections', free: row.free } as const] : []),
      ...row.left.map((database) => ({ what: 'left-over', database }) as const),
    ];
    return { version: row.version, host, user: row.user, crowd, warnings };
  });
}

interface Row {
  readonly number: number;
  readonly version: string;
  readonly user: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly standby: boolean;
  readonly may_create: boolean;
  readonly free: number;
  readonly left: readonly string[];
}

/** What is free to a role that is no superuser, by the limit of the server and by its own. */
const question = `
  select current_setting('server_version_num')::int as number, split_part(current_setting('server_version'), ' ', 1) as version,
    current_user as user, current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
    pg_is_in_recovery() as standby, rolsuper or rolcreatedb as may_create,
    least(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int
        - (select coalesce(sum(numbackends), 0) from pg_stat_database where datid <> 0),
      case when rolconnlimit < 0 or rolsuper then null
        else rolconnlimit - (select count(*) from pg_stat_activity where usename = current_user) end
    )::int as free,
    (select coalesce(json_agg(datname order by datname), '[]') from pg_database
      where starts_with(datname, '${scratchPrefix}') and not exists (select from pg_stat_activity as a where a.datname = pg_database.datname)) as left
  from pg_roles where rolname = current_user`;

async function asked(client: Client): Promise<Row> {
  const { rows } = await client.query<Row>(question).catch((cause) => {
    throw postgresErrors.PROOF_FAILED(`PostgreSQL did not say how it is set up: ${messageOf(cause)}`, { cause });
  });
  const [row] = rows;
  if (row !== undefined) return row;
  throw postgresErrors.PROOF_FAILED('PostgreSQL does not say what the role that we are may do');
}

function refuse({ number, version, standby, may_create, user }: Row, host: string): void {
  if (number < oldest.number) {
    throw postgresErrors.SERVER_UNFIT(
      `PostgreSQL at ${host} is version ${version}; Dure needs ${oldest.name} or later`,
      { details: { host, reason: 'version', version } },
    );
  }
  if (standby) {
    throw postgresErrors.SERVER_UNFIT(
      `PostgreSQL at ${host} is a standby, which takes no writes; name the primary server`,
      { details: { host, reason: 'standby' } },
    );
  }
  if (!may_create) {
    throw postgresErrors.CREATEDB_MISSING(
      `the role "${user}" may not create databases at ${host}, and the proof needs one of its own: ALTER ROLE "${user}" CREATEDB`,
      { details: { host, user } },
    );
  }
}

function crowdFor({ free }: Row, host: string): { readonly crowd: Crowd; readonly isSmall: boolean } {
  for (const [index, { crowd, sessions, leaves }] of crowds.entries()) {
    if (free >= sessions + leaves) return { crowd, isSmall: index > 0 };
  }
  const { sessions, leaves } = crowds[crowds.length - 1] ?? crowds[0];
  throw postgresErrors.SERVER_UNFIT(
    `at ${host} only ${free} connections are free; the proof takes ${sessions} and leaves ${leaves} to others`,
    { details: { host, reason: 'connections', free } },
  );
}

/**
 * A pooler makes up the process number that a client is told at the start. One that shares sessions gives the one that was used
 * last to the next who asks, so that two clients are in the same. Even where each has its own the proof, which kills sessions,
 * is no good guest: PgBouncer 1.18 itself ended by that, for all its clients.
 */
async function refusePooler(client: Client, url: string, host: string): Promise<void> {
  const mine = await processOf(client);
  const isShared = mine === (await connected(url, processOf));
  if (!isShared && mine === (client as unknown as { readonly processID: number }).processID) return;
  const why = isShared
    ? 'that gives a session to another client after each transaction; Dure needs sessions of its own: for what it prepares, for the lock of migrations, and to end what nobody waits for'
    : 'whose sessions the proof would kill, to the harm of its other clients';
  throw postgresErrors.SERVER_UNFIT(
    `between here and PostgreSQL at ${host} stands a pooler ${why}; connect to the server itself`,
    { details: { host, reason: 'pooler', isShared } },
  );
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
