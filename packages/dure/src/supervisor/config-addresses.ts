import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@dure/core';
import { resolveConfig } from '../config-place.ts';
import { dureErrors } from '../errors.ts';
import type { LoadedSystem } from '../load-system.ts';

/** The addresses of the databases that hold tables of configuration, by the absolute paths of their files. DURE_SYSTEM_INVALID, which repeats none. */
export async function configAddresses({
  system,
  folder,
}: Pick<LoadedSystem, 'system' | 'folder'>): Promise<Readonly<Record<string, string>>> {
  const places = resolveConfig(folder, system.config);
  const files = places.flatMap((place) =>
    typeof place === 'object' && place.kind === 'postgres' ? [place.urlFile] : [],
  );
  const entries = files.map(async (path) => {
    const refused = (why: string) =>
      dureErrors.SYSTEM_INVALID(`the address of the database of configuration in ${path} ${why}`, {
        details: { path },
      });
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch((error: unknown) => {
      throw refused(`cannot be read: ${messageOf(error)}; write it: (umask 077; cat > ${path})`);
    });
    if ((mode & 0o077) !== 0) throw refused(`can be read by others; allow it to its owner only: chmod 600 ${path}`);
    const url = text.trim();
    if (!/^postgres(?:ql)?:\/\/[^/\s]+\/[^\s]+$/.test(url))
      throw refused('is none of a PostgreSQL database; expected postgres://user:password@host:5432/database');
    return [path, url] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
