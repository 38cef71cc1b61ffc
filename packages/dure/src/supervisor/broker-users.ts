import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { LoadedSystem } from '../load-system.ts';
import type { BrokerUsers } from '../plan/plan.ts';
import { configAddresses } from './config-addresses.ts';
import { foreignPasswords } from './foreign-passwords.ts';

/** All passwords that the system names files for. DURE_SYSTEM_INVALID. */
export async function passwordsOf(loaded: LoadedSystem) {
  const { system, folder } = loaded;
  const [foreign, brokerCredentials, busCredentials, configDatabases] = await Promise.all([
    foreignPasswords(loaded),
    brokerUsers(system.broker, folder),
    brokerUsers(system.bus, folder),
    configAddresses(loaded),
  ]);
  return { foreign, brokerCredentials, busCredentials, configDatabases };
}

/** Users and passwords at a broker, from the file that the system names. DURE_SYSTEM_INVALID, which repeats nothing of it. */
export async function brokerUsers(
  resource: { readonly kind: string; readonly credentialsFile?: string | undefined } | undefined,
  folder: string,
): Promise<BrokerUsers> {
  if (resource?.credentialsFile === undefined) return {};
  const path = resolve(folder, resource.credentialsFile);
  const refused = (why: string) =>
    dureErrors.SYSTEM_INVALID(`the credentials for ${resource.kind} in ${path} ${why}`, { details: { path } });
  const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch((error: unknown) => {
    throw refused(`cannot be read: ${messageOf(error)}`);
  });
  if ((mode & 0o077) !== 0) throw refused(`can be read by others; allow it to its owner only: chmod 600 ${path}`);
  const users = parse(text);
  if (users === undefined)
    throw refused('are not of the form { "<service>": { "user": "…", "password": "…" }, "*": { … } }');
  return users;
}

function parse(text: string): BrokerUsers | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && Object.values(value).every(isUser)
      ? (value as BrokerUsers)
      : undefined;
  } catch {
    return undefined;
  }
}

function isUser(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { user, password } = value as { readonly user?: unknown; readonly password?: unknown };
  return typeof user === 'string' && typeof password === 'string';
}
