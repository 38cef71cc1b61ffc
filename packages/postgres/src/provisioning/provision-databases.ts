import type { Random } from '@dure/core';
import type { Client } from 'pg';
import { postgresErrors } from '../errors.ts';
import { connected } from './connect.ts';
import { isVerifierOf, scramVerifier } from './password.ts';
import { quoteIdentifier, quoteLiteral } from './quote.ts';

/** One service's database: named like the service, owned by `<service>_owner`, used by `<service>`. */
export interface DatabaseOrder {
  readonly service: string;
  /** Of the role that migrates. */
  readonly ownerPassword: string;
  /** Of the role that the service runs as. */
  readonly password: string;
}

/** The connection strings of a provisioned database. Secrets. */
export interface ProvisionedDatabase {
  readonly service: string;
  /** For migrations only. */
  readonly ownerUrl: string;
  /** For the service: reads and writes rows, changes no table. */
  readonly url: string;
}

export interface ProvisionOptions {
  /** A superuser's connection string. */
  readonly adminUrl: string;
  readonly databases: readonly DatabaseOrder[];
  readonly random: Random;
}

/** Written last, as the database's comment: whatever lacks it is provisioned again from the start. */
const mark = 'provisioned by dure: 1';
const reserved = ['postgres', 'template0', 'template1', 'public'];

/**
 * Makes sure that each service has a database of its own with an owner and a run-time role, and that no role can connect
 * to another's. Idempotent; when everything is there it costs one connection and one query. POSTGRES_NAME_RESERVED.
 *
 * @example
 * const [order] = await provisionDatabases({ adminUrl, random, databases: [{ service: 'order', ownerPassword, password }] });
 */
export async function provisionDatabases(options: ProvisionOptions): Promise<readonly ProvisionedDatabase[]> {
  for (const { service } of options.databases) checkName(service);
  const incomplete = await connected(options.adminUrl, async (admin) => {
    const found = await inspect(admin);
    if (!found.closed) await closeSharedDatabases(admin);
    for (const { role, password } of await rolesToSet(options.databases, found)) {
      await setRole(admin, role, await scramVerifier(password, options.random), found.roles.has(role));
    }
    return options.databases
      .map(({ service }) => ({ service, exists: found.marks.has(service), mark: found.marks.get(service) }))
      .filter((database) => database.mark !== mark);
  });
  // Each on a connection of its own: making a database is 300 new files, and side by side that is two to four times faster.
  await Promise.all(incomplete.map(({ service, exists }) => completeDatabase(options.adminUrl, service, exists)));
  return options.databases.map(({ service, ownerPassword, password }) => ({
    service,
    ownerUrl: databaseUrl(options.adminUrl, service, ownerRole(service), ownerPassword),
    url: databaseUrl(options.adminUrl, service, service, password),
  }));
}

/** A connection string with another database and, if given, another user. */
export function databaseUrl(url: string, database: string, user?: string, password?: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  if (user !== undefined) changed.username = encodeURIComponent(user);
  if (password !== undefined) changed.password = encodeURIComponent(password);
  return changed.href;
}

interface Found {
  /** Stored verifiers by role. */
  readonly roles: ReadonlyMap<string, string | null>;
  /** Comments by database; null where there is none. */
  readonly marks: ReadonlyMap<string, string | null>;
  /** Whether PUBLIC can connect to none of the shared databases. */
  readonly closed: boolean;
}

async function inspect(admin: Client): Promise<Found> {
  const { rows } = await admin.query<{ kind: string; name: string; value: string | null }>(`
    SELECT 'role' AS kind, rolname AS name, rolpassword AS value FROM pg_authid
    UNION ALL SELECT 'database', datname, shobj_description(oid, 'pg_database') FROM pg_database
    UNION ALL SELECT 'open', datname, NULL FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl
      WHERE acl.grantee = 0 AND acl.privilege_type = 'CONNECT'`);
  const kind = (name: string) => new Map(rows.filter((row) => row.kind === name).map((row) => [row.name, row.value]));
  const open = kind('open');
  const closed = !['postgres', 'template0', 'template1'].some((name) => open.has(name));
  return { roles: kind('role'), marks: kind('database'), closed };
}

/** A fresh role can connect to these until PUBLIC may not. */
async function closeSharedDatabases(admin: Client): Promise<void> {
  for (const name of ['postgres', 'template0', 'template1']) {
    await admin.query(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`);
  }
}

interface RoleOrder {
  readonly role: string;
  readonly password: string;
}

/** The roles that are missing or have another password; checking one takes a millisecond or two of any core. */
async function rolesToSet(databases: readonly DatabaseOrder[], found: Found): Promise<readonly RoleOrder[]> {
  const roles = databases.flatMap(({ service, ownerPassword, password }) => [
    { role: ownerRole(service), password: ownerPassword },
    { role: service, password },
  ]);
  const set = await Promise.all(
    roles.map(({ role, password }) => isVerifierOf(found.roles.get(role) ?? null, password)),
  );
  return roles.filter((_, index) => set[index] !== true);
}

async function setRole(admin: Client, role: string, verifier: string, exists: boolean): Promise<void> {
  const attributes = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT';
  await admin.query(
    `${exists ? 'ALTER' : 'CREATE'} ROLE ${quoteIdentifier(role)} ${attributes} PASSWORD ${quoteLiteral(verifier)}`,
  );
}

async function completeDatabase(adminUrl: string, service: string, exists: boolean): Promise<void> {
  await connected(adminUrl, async (admin) => {
    await ensureDatabase(admin, service, exists);
    await connected(databaseUrl(adminUrl, service), (inside) => grantRows(inside, service));
    await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(service)} IS ${quoteLiteral(mark)}`);
  });
}

async function ensureDatabase(admin: Client, service: string, exists: boolean): Promise<void> {
  const [database, owner, role] = [service, ownerRole(service), service].map(quoteIdentifier);
  if (!exists) await admin.query(`CREATE DATABASE ${database} OWNER ${owner}`);
  await admin.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${database} TO ${role};
    ALTER ROLE ${role} IN DATABASE ${database} SET statement_timeout = '30s';
    ALTER ROLE ${role} IN DATABASE ${database} SET idle_in_transaction_session_timeout = '30s'`);
}

/** What the owner will make, the run-time role may use: rows, sequences and functions, but no definitions. */
async function grantRows(inside: Client, service: string): Promise<void> {
  const [owner, role] = [ownerRole(service), service].map(quoteIdentifier);
  const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner}`;
  await inside.query(`
    ALTER SCHEMA public OWNER TO ${owner};
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO ${role};
    ${defaults} GRANT USAGE ON SCHEMAS TO ${role};
    ${defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role};
    ${defaults} GRANT USAGE, SELECT ON SEQUENCES TO ${role};
    ${defaults} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ${defaults} GRANT EXECUTE ON FUNCTIONS TO ${role};
    ${defaults} GRANT USAGE ON TYPES TO ${role}`);
}

function ownerRole(service: string): string {
  return `${service}_owner`;
}

function checkName(service: string): void {
  if (reserved.includes(service) || service.startsWith('pg_') || service.length > 57) {
    throw postgresErrors.NAME_RESERVED(
      `the service "${service}" cannot have a database of its name: PostgreSQL keeps ${reserved.join(', ')} and pg_* for itself and names end after 57 letters; rename the service`,
      { details: { service } },
    );
  }
}
