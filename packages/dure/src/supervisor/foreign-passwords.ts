import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { LoadedSystem } from '../load-system.ts';

const shortest = 8;

/** The passwords of the programs that are not of the system, from their files. DURE_SYSTEM_INVALID. */
export async function foreignPasswords({
  system,
  folder,
}: Pick<LoadedSystem, 'system' | 'folder'>): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(system.foreign).map(async ([name, { passwordFile }]) => {
    const path = resolve(folder, passwordFile);
    const refused = (why: string) =>
      dureErrors.SYSTEM_INVALID(`the password of "${name}" in ${path} ${why}`, { details: { program: name, path } });
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch((error: unknown) => {
      throw refused(`cannot be read: ${messageOf(error)}; write one: (umask 077; openssl rand -hex 24 > ${path})`);
    });
    if ((mode & 0o077) !== 0) throw refused(`can be read by others; allow it to its owner only: chmod 600 ${path}`);
    const password = text.replace(/\r?\n$/, '');
    if (password.length < shortest) throw refused(`is shorter than ${shortest} characters; choose a longer one`);
    return [name, password] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
