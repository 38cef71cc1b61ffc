import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@dure/core';
import { dureErrors } from '../errors.ts';
import { stateKeyring } from '../keyring-file.ts';

/** The parts of the folder in which a system keeps its state. */
export interface StateFolder {
  readonly root: string;
  /** What the current run needs; secret, emptied by each start and each stop. */
  readonly run: string;
  /** Private keys and passwords. */
  readonly keys: string;
  readonly logs: string;
  /** Compiled code. */
  readonly cache: string;
  readonly postgres: string;
}

/** Without its keys the encrypted values of a configuration, which lies elsewhere, could never be read again. */
const keptByFresh: ReadonlySet<string> = new Set(['cache', '.gitignore', stateKeyring]);

/** Opens a state folder, making what is missing. DURE_STATE_UNUSABLE. */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const at = (name: string) => join(root, name);
  const folder = {
    root,
    run: at('run'),
    keys: at('keys'),
    logs: at('logs'),
    cache: at('cache'),
    postgres: at('postgres'),
  };
  try {
    await mkdir(root, { recursive: true, mode: 0o755 });
    const secret = { recursive: true, mode: 0o700 };
    await Promise.all([mkdir(folder.run, secret), mkdir(folder.keys, secret), mkdir(folder.logs, secret)]);
    await writeFile(at('.gitignore'), '*\n', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } catch (cause) {
    throw dureErrors.STATE_UNUSABLE(`the state folder ${root} cannot be used: ${messageOf(cause)}`, {
      cause,
      details: { folder: root },
    });
  }
  return folder;
}

/** Deletes the state of earlier runs, all but compiled code, the keys of the configuration and the lock. The database server must not run. */
export async function forgetState(folder: StateFolder): Promise<void> {
  const names = await readdir(folder.root);
  const old = names.filter((name) => !keptByFresh.has(name) && !name.startsWith('supervisor.json'));
  await Promise.all(old.map((name) => rm(join(folder.root, name), { recursive: true, force: true })));
  await openStateFolder(folder.root);
}

/** Empties the folder of the current run. */
export async function emptyRunFolder(folder: StateFolder): Promise<void> {
  const names = await readdir(folder.run).catch(() => []);
  await Promise.all(names.map((name) => rm(join(folder.run, name), { recursive: true, force: true })));
}
