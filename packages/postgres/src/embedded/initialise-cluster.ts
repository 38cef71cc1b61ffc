import { execFile } from 'node:child_process';
import { access, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '@dure/core';
import { postgresErrors } from '../errors.ts';
import type { Binaries } from './binaries.ts';
import type { ServerUser } from './server-user.ts';

export interface InitialiseOptions {
  readonly binaries: Binaries;
  readonly home: string;
  readonly user: ServerUser | undefined;
  readonly superuser: string;
  readonly password: string;
  readonly durable: boolean;
}

/**
 * Makes the cluster in `<home>/data` unless it is there; answers whether it did. It is made beside and renamed, so
 * that a start that was interrupted leaves no half of one.
 *
 * The builtin C.UTF-8 locale sorts by code point (Hangul in its dictionary order) and does not change with the
 * operating system's libraries, which would silently break indexes.
 */
export async function initialiseCluster(options: InitialiseOptions): Promise<boolean> {
  const { home, user } = options;
  const data = join(home, 'data');
  if (await exists(join(data, 'PG_VERSION'))) return false;
  const half = join(home, 'data.new');
  const passwordFile = join(home, 'password.new');
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  try {
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (user !== undefined) {
      await chown(half, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    await runInitdb(options, half, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, data);
  return true;
}

async function runInitdb(options: InitialiseOptions, data: string, passwordFile: string): Promise<void> {
  const command = [
    `--pgdata=${data}`,
    `--username=${options.superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(options.durable ? [] : ['--no-sync']),
  ];
  try {
    await promisify(execFile)(options.binaries.initdb, command, {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      ...(options.user ?? {}),
    });
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : messageOf(cause);
    throw postgresErrors.START_FAILED(`initdb could not make a cluster in ${data}; it said:\n${said}`, {
      cause,
      details: { dataFolder: data },
    });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
