import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { identify, isAlive } from './process-identity.ts';

/** Who runs a system, and where to reach it; written by the supervisor, mode 0600. */
export interface ControlFile extends ProcessIdentity {
  /** The module that exports the system. */
  readonly module: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Path of the control socket. */
  readonly socket: string;
}

/** A state folder that belongs to this process until it is released or the process ends. */
export interface Lock {
  /** Whether it was taken over from a process that had ended without releasing it. */
  readonly tookOver: boolean;
  release(): Promise<void>;
}

const fileName = 'supervisor.json';

/**
 * Takes a state folder for this process. A lock whose process has ended is taken over. DURE_ALREADY_RUNNING names the
 * process that holds it.
 */
export async function takeLock(folder: string, entry: Omit<ControlFile, keyof ProcessIdentity>): Promise<Lock> {
  const path = join(folder, fileName);
  const own = `${path}.${process.pid}`;
  const content = JSON.stringify({ ...(await identify(process.pid)), ...entry });
  await rm(own, { force: true });
  await writeFile(own, content, { mode: 0o600, flag: 'wx' });
  let tookOver = false;
  try {
    while (!(await tryLink(own, path))) {
      await breakStale(folder, path, own);
      tookOver = true;
    }
  } finally {
    await rm(own, { force: true });
  }
  return {
    tookOver,
    async release() {
      const now = await readFile(path, 'utf8').catch(() => undefined);
      if (now === content) await rm(path, { force: true });
    },
  };
}

/** The control file of the process that runs a system on this folder; undefined when none does. */
export async function readControlFile(folder: string): Promise<ControlFile | undefined> {
  const entry = parse(await readFile(join(folder, fileName), 'utf8').catch(() => ''));
  return entry !== undefined && (await isAlive(entry)) ? entry : undefined;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw dureErrors.STATE_UNUSABLE(`the lock ${to} cannot be made: ${messageOf(error)}`, { cause: error });
  }
}

/** Moves a lock aside whose holder has ended; puts it back should another process have taken it in between. */
async function breakStale(folder: string, path: string, own: string): Promise<void> {
  const holder = await readControlFile(folder);
  if (holder !== undefined) {
    throw dureErrors.ALREADY_RUNNING(`a system is running already on ${folder} (process ${holder.pid})`, {
      details: { pid: holder.pid, folder, module: holder.module },
    });
  }
  const aside = `${own}.stale`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const taken = parse(await readFile(aside, 'utf8'));
  if (taken !== undefined && (await isAlive(taken))) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function parse(text: string): ControlFile | undefined {
  try {
    const entry = JSON.parse(text) as ControlFile;
    return typeof entry.pid === 'number' && typeof entry.socket === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}
