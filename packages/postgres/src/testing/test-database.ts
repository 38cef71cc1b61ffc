import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@dure/core';
import type { Client } from 'pg';
import { dureSchemaFolder, migrate } from '../migrations/migrate.ts';
import { migrationFiles } from '../migrations/migration-files.ts';
import { connected } from '../provisioning/connect.ts';
import { newPassword } from '../provisioning/password.ts';
import { databaseUrl, provisionDatabases } from '../provisioning/provision-databases.ts';
import { quoteIdentifier } from '../provisioning/quote.ts';
import { testCluster } from './test-cluster.ts';

export interface TestDatabaseOptions {
  /** A service's folder with `migrations/`; without it the database has Dure's own schema only. */
  readonly folder?: string;
  /** Whether its `seeds/` run as well. Default false. */
  readonly seeds?: boolean;
}

/** A database of one test. Disposing of it deletes it. */
export interface TestDatabase {
  /** As the role that owns the tables. */
  readonly ownerUrl: string;
  /** As the role that a service runs as: rows only. */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A database for one test, on the cluster of the test run: a clone of a template that is migrated once for all tests with
 * the same files.
 *
 * @example
 * await using database = await testDatabase({ folder: import.meta.dirname });
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { adminUrl } = await testCluster();
  const template = await templateName(options);
  const name = `d_${newPassword(systemRandom).replaceAll(/[^a-zA-Z0-9]/g, '_')}`;
  await connected(adminUrl, async (admin) => {
    await ensureTemplate(admin, adminUrl, template, options);
    const [clone, source, role] = [name, template, template].map(quoteIdentifier);
    await admin.query(`CREATE DATABASE ${clone} TEMPLATE ${source} OWNER ${quoteIdentifier(`${template}_owner`)}`);
    await admin.query(`REVOKE ALL ON DATABASE ${clone} FROM PUBLIC; GRANT CONNECT ON DATABASE ${clone} TO ${role}`);
  });
  return {
    ownerUrl: databaseUrl(adminUrl, name, `${template}_owner`, template),
    url: databaseUrl(adminUrl, name, template, template),
    async [Symbol.asyncDispose]() {
      await connected(adminUrl, (admin) => admin.query(`DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE)`));
    },
  };
}

/** Named after its contents, so that changed files make another template. */
async function templateName({ folder, seeds = false }: TestDatabaseOptions): Promise<string> {
  const folders = [
    dureSchemaFolder,
    ...(folder === undefined ? [] : [join(folder, 'migrations')]),
    ...(folder === undefined || !seeds ? [] : [join(folder, 'seeds')]),
  ];
  const hash = createHash('sha256');
  for (const files of await Promise.all(folders.map(migrationFiles))) {
    for (const { name, checksum } of files) hash.update(`${name} ${checksum}\n`);
    hash.update('\n');
  }
  return `t-${hash.digest('hex').slice(0, 24)}`;
}

/** Makes the template under a lock, so that test files which start together make it once. */
async function ensureTemplate(
  admin: Client,
  adminUrl: string,
  template: string,
  { folder, seeds = false }: TestDatabaseOptions,
): Promise<void> {
  const complete = async () => {
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [template]);
    return rowCount === 1;
  };
  if (await complete()) return;
  await admin.query('SELECT pg_advisory_lock(hashtext($1))', [template]);
  try {
    if (await complete()) return;
    // The roles are shared by all clones and exist in a throw-away cluster on loopback only.
    const databases = [{ service: template, ownerPassword: template, password: template }];
    const [made] = await provisionDatabases({ adminUrl, databases, random: systemRandom });
    const url = made?.ownerUrl ?? '';
    const from = folder === undefined ? {} : { folder };
    await migrate({ url, service: template, ...from, seeds, clock: systemClock });
    const name = quoteIdentifier(template);
    await admin.query(`REVOKE CONNECT ON DATABASE ${name} FROM ${name}; ALTER DATABASE ${name} IS_TEMPLATE true`);
  } finally {
    await admin.query('SELECT pg_advisory_unlock(hashtext($1))', [template]);
  }
}
