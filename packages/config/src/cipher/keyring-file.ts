import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@dure/core';
import type { Keyring, KeyringSource } from './keyring.ts';
import { keyring } from './keyring.ts';
import type { KeyringData } from './keyring-data.ts';
import { invalid, readKeyringData } from './keyring-data.ts';

/**
 * A keyring in a file that only its owner can read (mode 0600): JSON, a PEM, or the text of Spring's `encrypt.key`. It is
 * read when it is needed, and again when it has changed. CONFIG_KEYRING_INVALID.
 */
export function fileKeyring(path: string): KeyringSource {
  let known: { readonly stamp: string; readonly ring: Keyring } | undefined;
  return async () => {
    const file = await readKeyringFile(path, known?.stamp);
    if (file === 'same') return known?.ring;
    known = file && { stamp: file.stamp, ring: keyring(file.data, path) };
    return known?.ring;
  };
}

/** What lies in a keyring's file; undefined when there is none. CONFIG_KEYRING_INVALID, also when others can read it. */
export async function readKeyring(path: string): Promise<KeyringData | undefined> {
  const file = await readKeyringFile(path, undefined);
  return file === 'same' ? undefined : file?.data;
}

async function readKeyringFile(path: string, stampBefore: string | undefined) {
  try {
    await using handle = await open(path, 'r');
    const { mode, mtimeMs, ctimeMs, size, ino } = await handle.stat();
    const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    if (stamp === stampBefore) return 'same';
    if ((mode & 0o077) !== 0)
      throw invalid(path, `can be read by others; allow it to its owner only: chmod 600 ${path}`);
    return { stamp, data: readKeyringData(await handle.readFile('utf8'), path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES' || code === 'EISDIR') throw invalid(path, `cannot be read: ${messageOf(error)}`);
    throw error;
  }
}

/** Puts a keyring in place of what lies in its file, whole or not at all. */
export async function writeKeyring(path: string, data: KeyringData): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const whole = `${path}.new`;
  await rm(whole, { force: true });
  try {
    await using handle = await open(whole, 'wx', 0o600);
    await handle.writeFile(`${JSON.stringify(data, undefined, 2)}\n`);
    await handle.sync();
    await chmod(whole, 0o600);
    await rename(whole, path);
  } catch (error) {
    await rm(whole, { force: true });
    throw error;
  }
}
