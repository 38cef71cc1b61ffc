import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The libraries of others that Dure's processes load, each made into one file: half of a process's start was finding and reading the
 * hundreds of files that they consist of (measured: 0.47 s of a processor for a service with a database, 0.28 s with the files made here).
 */
const others: ReadonlySet<string> = new Set(['fastify', 'jose', 'kysely', 'pg', 'undici', 'yaml', 'zod']);

/**
 * Whether what is imported by this name is kept in the cache: those libraries, and Dure's packages (a service with a database loads
 * 400 files of them) but for this one, which a host process consists of.
 */
export function isLibrary(specifier: string): boolean {
  return others.has(specifier) || (specifier.startsWith('@dure/') && !/^@dure\/dure(?:\/|$)/.test(specifier));
}

/** What stands in the cache, and what it was made from. */
export interface LibraryCache {
  readonly node: string;
  /** Written anew by whatever changes the installed packages. */
  readonly lock: { readonly path: string; readonly changedMs: number; readonly bytes: number };
  /** What Dure's own packages were made of. */
  readonly sources: string;
  /** From the URL of a library's module to that of the file in its place. */
  readonly files: Readonly<Record<string, string>>;
}

/** Beside the packages, where a clean installation removes it; undefined where there is no such folder. */
export function libraryFolder(from: string = import.meta.dirname): string | undefined {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) return join(modules, '.cache', 'dure', 'libraries');
  }
  return undefined;
}

/** Where the cache says what is in it. */
export function indexOf(folder: string): string {
  return join(folder, 'libraries.json');
}

/** The lock file by which npm remembers what it has installed; undefined where another tool did. */
export function lockOf(moduleUrl: string): LibraryCache['lock'] | undefined {
  const at = moduleUrl.indexOf('/node_modules/');
  if (at < 0) return undefined;
  const path = join(decodeURIComponent(new URL(moduleUrl.slice(0, at)).pathname), 'node_modules', '.package-lock.json');
  const info = statSync(path, { throwIfNoEntry: false });
  return info === undefined ? undefined : { path, changedMs: info.mtimeMs, bytes: info.size };
}

/** The cache, if it was made by this Node.js from these sources and the packages that are installed now. */
export function readLibraryCache(folder: string, sources: string): LibraryCache | undefined {
  try {
    const cache = JSON.parse(readFileSync(indexOf(folder), 'utf8')) as LibraryCache;
    const { path, changedMs, bytes } = cache.lock;
    const info = statSync(path);
    const isSameNode = cache.node === process.version;
    const isCurrent = isSameNode && cache.sources === sources && info.mtimeMs === changedMs && info.size === bytes;
    return isCurrent ? cache : undefined;
  } catch {
    return undefined;
  }
}
