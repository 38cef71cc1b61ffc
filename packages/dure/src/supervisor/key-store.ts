import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSigningKey } from '@dure/identity';
import type { Jwk } from '../run-file.ts';

/**
 * The private keys of the given owners, kept in files of mode 0600 below `folder`, so that tokens survive a restart.
 * A key that is missing or unreadable is made anew.
 */
export async function openKeys(folder: string, owners: readonly string[]): Promise<Readonly<Record<string, Jwk>>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const keys = await Promise.all(
    owners.map(async (owner) => [owner, await openKey(join(folder, `${owner}.json`))] as const),
  );
  return Object.fromEntries(keys);
}

async function openKey(path: string): Promise<Jwk> {
  const known = await readFile(path, 'utf8').then(parse, () => undefined);
  if (known !== undefined) return known;
  const key = await generateSigningKey();
  await writeFile(`${path}.new`, JSON.stringify(key), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return key;
}

function parse(text: string): Jwk | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'd' in value ? (value as Jwk) : undefined;
  } catch {
    return undefined;
  }
}
