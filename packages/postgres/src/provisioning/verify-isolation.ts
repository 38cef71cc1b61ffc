import { postgresErrors } from '../errors.ts';
import { connected } from './connect.ts';

/**
 * The boot check that a run-time role can reach its own database and nothing else: it connects as that role and asks
 * PostgreSQL what it may do. POSTGRES_NOT_ISOLATED lists everything it may and should not.
 */
export async function verifyIsolation(url: string): Promise<void> {
  const excess = await connected(url, async (client) => {
    const { rows } = await client.query<{ excess: string }>(`
      SELECT 'connect to the database ' || quote_ident(datname) AS excess
        FROM pg_database
       WHERE datname <> current_database() AND has_database_privilege(datname, 'CONNECT')
      UNION ALL
      SELECT 'create schemas in ' || quote_ident(current_database())
       WHERE has_database_privilege(current_database(), 'CREATE')
      UNION ALL
      SELECT 'create tables in the schema ' || quote_ident(nspname)
        FROM pg_namespace
       WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'CREATE')
      UNION ALL
      SELECT attribute FROM pg_roles,
        LATERAL (VALUES ('do everything as a superuser', rolsuper), ('create databases', rolcreatedb),
          ('create roles', rolcreaterole), ('replicate', rolreplication), ('bypass row security', rolbypassrls))
          AS held (attribute, yes)
       WHERE rolname = current_user AND yes
      UNION ALL
      SELECT 'act as the role ' || quote_ident(granted.rolname)
        FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid
       WHERE member = (SELECT oid FROM pg_roles WHERE rolname = current_user)`);
    return rows.map((row) => row.excess);
  });
  if (excess.length === 0) return;
  const { username, pathname } = new URL(url);
  throw postgresErrors.NOT_ISOLATED(
    `the role "${username}" should reach the database "${pathname.slice(1)}" only, but it may also: ${excess.join('; ')}`,
    { details: { role: username, excess } },
  );
}
