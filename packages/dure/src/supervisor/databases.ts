import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '@dure/core';
import type { ProvisionedDatabase } from '@dure/postgres';
import type { Resource } from '@dure/service/server';
import type { Definitions } from '../load-system.ts';

/** The services that have a database, and the folders of their migrations. */
export function databasesOf(definitions: Definitions): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [service, { database }] of Object.entries(definitions)) {
    const folder = database === undefined ? undefined : folderOf(database);
    if (folder !== undefined) found.set(service, folder);
  }
  return found;
}

export interface PrepareOptions {
  readonly adminUrl: string;
  /** Folders of migrations by service. */
  readonly databases: ReadonlyMap<string, string>;
  /** Where passwords are kept between runs, in a file of mode 0600. */
  readonly keysFolder: string;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes sure that each service has a database and its roles. Then each service's migrations and seeds run, all services
 * at once, and it is checked that what the service runs as reaches nothing else: a promise of the run-time connection string for each.
 * Rejects as `provisionDatabases`, `migrate` and `verifyIsolation` do.
 */
export async function prepareDatabases(options: PrepareOptions): Promise<ReadonlyMap<string, Promise<string>>> {
  const { adminUrl, databases, keysFolder, clock, random } = options;
  if (databases.size === 0) return new Map();
  const { migrate, newPassword, provisionDatabases, verifyIsolation } = await import('@dure/postgres');
  const passwords = await openPasswords(join(keysFolder, 'databases.json'), [...databases.keys()], () =>
    newPassword(random),
  );
  const orders = [...databases.keys()].map((service) => ({ service, ...passwordsOf(service, passwords) }));
  const provisioned = await provisionDatabases({ adminUrl, random, databases: orders });
  const migrated = async ({ service, ownerUrl, url }: ProvisionedDatabase): Promise<string> => {
    const folder = databases.get(service);
    await migrate({ url: ownerUrl, service, seeds: true, clock, ...(folder === undefined ? {} : { folder }) });
    await verifyIsolation(url);
    return url;
  };
  return new Map(provisioned.map((database) => [database.service, handled(migrated(database))]));
}

interface Passwords {
  readonly ownerPassword: string;
  readonly password: string;
}

async function openPasswords(
  path: string,
  services: readonly string[],
  newPassword: () => string,
): Promise<Readonly<Record<string, Passwords>>> {
  const known = parse(await readFile(path, 'utf8').catch(() => '{}'));
  const missing = services.filter((service) => known[service] === undefined);
  if (missing.length === 0) return known;
  const fresh = missing.map((service) => [service, { ownerPassword: newPassword(), password: newPassword() }]);
  const all = { ...known, ...Object.fromEntries(fresh) };
  await writeFile(`${path}.new`, JSON.stringify(all), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return all;
}

function passwordsOf(service: string, passwords: Readonly<Record<string, Passwords>>): Passwords {
  return passwords[service] ?? { ownerPassword: '', password: '' };
}

function parse(text: string): Readonly<Record<string, Passwords>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, Passwords>>;
  } catch {
    return {};
  }
}

function folderOf(resource: Resource): string | undefined {
  const { kind, folder } = resource as Resource & { readonly folder?: unknown };
  return kind === 'postgres' && typeof folder === 'string' ? folder : undefined;
}

/** Its rejection is observed by whoever awaits it, later; until then it is no unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
