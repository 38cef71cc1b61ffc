import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, isDureError, messageOf } from '@dure/core';
import { configErrors } from '../errors.ts';
import type { Keyring } from './keyring.ts';
import type { KeyedPlace, StuckValue } from './rewrite-encrypted.ts';
import { rewriteEncrypted } from './rewrite-encrypted.ts';

/** What became of the values of a folder. */
export interface Rotation {
  readonly changed: readonly KeyedPlace[];
  readonly stuck: readonly StuckValue[];
}

/** What is rotated, by which keys. */
export interface RotateOptions {
  readonly folder: string;
  readonly keyring: Keyring;
  /** False: nothing is written. */
  readonly writes: boolean;
}

const configuration = /\.(?:properties|ya?ml)$/;

/**
 * Encrypts by the current key every value in the YAML and properties files of a folder, and of the folders in it, that is
 * encrypted by another. Each file changes whole or not at all, so that a rotation that broke off can be run again. Links and
 * what begins with a dot are left alone.
 */
export async function rotateFolder({ folder, keyring, writes }: RotateOptions): Promise<Rotation> {
  const changed: KeyedPlace[] = [];
  const stuck: StuckValue[] = [];
  for (const file of await filesIn(folder, '')) {
    const path = join(folder, file);
    try {
      const text = await readFile(path, 'utf8');
      if (!text.includes('cipher')) continue;
      const rewritten = await rewriteEncrypted(text, file, keyring);
      changed.push(...rewritten.changed);
      stuck.push(...rewritten.stuck);
      if (writes && rewritten.text !== text) await replace(path, rewritten.text);
    } catch (error) {
      if (!isDureError(error) || codeOf(error) !== 'CONFIG_FILE_INVALID') throw error;
      const place = typeof error.details.place === 'string' ? error.details.place : `${file}:1:1`;
      stuck.push({ place, key: '', why: messageOf(error) });
    }
  }
  return { changed, stuck };
}

async function filesIn(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw configErrors.FOLDER_MISSING(`the configuration folder ${join(folder, below)} cannot be read`, { cause });
  });
  const own = entries.filter(({ name }) => !name.startsWith('.') && name !== 'node_modules');
  const found = await Promise.all(
    own.map(async (entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return filesIn(folder, path);
      return entry.isFile() && configuration.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat().sort();
}

async function replace(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  const whole = join(dirname(path), `.${basename(path)}.new`);
  await rm(whole, { force: true });
  try {
    await using handle = await open(whole, 'wx', mode & 0o777);
    await handle.chmod(mode & 0o777);
    await handle.writeFile(text);
    await handle.sync();
    await rename(whole, path);
  } catch (error) {
    await rm(whole, { force: true });
    throw error;
  }
}
