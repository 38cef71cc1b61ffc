import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Random } from '@dure/core';
import { messageOf } from '@dure/core';
import { postgresErrors } from '../errors.ts';
import { isReachable } from './reachable.ts';
import type { ServerUser } from './server-user.ts';

/** What is remembered of a cluster between two starts, in `cluster.json` (mode 0600). */
export interface ClusterState {
  /** Where the data is; the state folder itself unless the server's user cannot reach that. */
  readonly home: string;
  /** The port of the last start; the next one tries it first. */
  readonly port: number | undefined;
  /** The superuser's. */
  readonly password: string;
}

/** Reads the state; undefined before the first start. POSTGRES_STATE_INVALID when it is damaged. */
export async function readState(folder: string): Promise<ClusterState | undefined> {
  const file = join(folder, 'cluster.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw postgresErrors.STATE_INVALID(`${file} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as ClusterState;
    if (typeof state.home === 'string' && typeof state.password === 'string') return state;
  } catch (cause) {
    throw postgresErrors.STATE_INVALID(
      `${file} is not JSON: ${messageOf(cause)}; start anew with \`dure up --fresh\``,
      {
        cause,
      },
    );
  }
  throw postgresErrors.STATE_INVALID(`${file} lacks "home" or "password"; start anew with \`dure up --fresh\``);
}

/** Writes the state so that a crash leaves the old or the new one. */
export async function writeState(folder: string, state: ClusterState): Promise<void> {
  const file = join(folder, 'cluster.json');
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The state of a cluster that does not exist yet: its home is made and empty. */
export async function newState(folder: string, user: ServerUser | undefined, random: Random): Promise<ClusterState> {
  const reachable = user === undefined || (await isReachable(folder));
  const home = reachable ? folder : join(await sharedFolder(), digest(folder));
  await mkdir(home, { recursive: true, mode: 0o755 });
  await rm(join(home, 'data'), { recursive: true, force: true });
  if (user !== undefined && !reachable) await chown(home, user.uid, user.gid);
  const password = Buffer.from(random.bytes(new Uint8Array(24))).toString('base64url');
  return { home, port: undefined, password };
}

/**
 * Where root keeps what another user must reach: `/var/lib/dure`, or a folder of root's in the temporary folder on
 * systems where that cannot be made.
 */
export async function sharedFolder(): Promise<string> {
  let last: unknown;
  for (const folder of ['/var/lib/dure', resolve(tmpdir(), 'dure')]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      if ((await stat(folder)).uid !== process.getuid?.()) continue;
      await chmod(folder, 0o755);
      return folder;
    } catch (error) {
      last = error;
    }
  }
  throw postgresErrors.START_FAILED(
    `no folder could be made that PostgreSQL's user can reach (/var/lib/dure was tried): ${messageOf(last)}`,
    { cause: last },
  );
}

/** Deletes a cluster's data and state. The server must have been stopped. */
export async function removeEmbeddedPostgres(folder: string): Promise<void> {
  const state = await readState(folder).catch(() => undefined);
  if (state !== undefined) await rm(join(state.home, 'data'), { recursive: true, force: true });
  if (state !== undefined && state.home !== folder) await rm(state.home, { recursive: true, force: true });
  await rm(join(folder, 'cluster.json'), { force: true });
}

function digest(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}
