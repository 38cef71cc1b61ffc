import { equal } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'rolldown';
import type { LibraryCache } from './library-cache.ts';
import { indexOf, isLibrary, lockOf } from './library-cache.ts';

/** A module of a library: its URL and the namespace that whoever imports it sees. */
export interface Library {
  readonly url: string;
  readonly namespace: object;
}

export interface BundleOptions {
  /** The cache's. */
  readonly folder: string;
  /** What Dure's own packages are made of. */
  readonly sources: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** How long files that nothing names any more are kept for processes that still run on them, in milliseconds. */
const keptMs = 86_400_000;

/**
 * Makes one file of each library, with what they share in files between them, tries them, and lets the cache name them. Nothing
 * changes unless everything succeeds; false when the packages were not installed by npm.
 */
export async function bundleLibraries(
  all: readonly Library[],
  { folder, sources, now }: BundleOptions,
): Promise<boolean> {
  const lock = all.map(({ url }) => lockOf(url)).find((found) => found !== undefined);
  if (lock === undefined) return false;
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(join(folder, 'made-'));
  try {
    const files = await write(all, made);
    const cache: LibraryCache = { node: process.version, lock, sources, files };
    const index = join(made, 'index.json');
    await writeFile(index, JSON.stringify(cache));
    await rename(index, indexOf(folder));
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
  await removeOld(folder, made, now);
  return true;
}

async function write(all: readonly Library[], made: string): Promise<LibraryCache['files']> {
  const { build } = await import('rolldown');
  await writeFile(join(made, 'package.json'), '{"type":"module"}\n');
  const input: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const { url, namespace } of all) {
    const name = `library-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;
    const entry = join(made, `${name}.entry.js`);
    await writeFile(entry, reexport(url, namespace));
    input[name] = entry;
    names.set(url, name);
  }
  await build({
    input,
    platform: 'node',
    treeshake: false,
    logLevel: 'silent',
    plugins: [itsOwnPlace, onlyLibraries],
    // Without `minify: false` statements are left out that look as if they did nothing, `decodeURIComponent(text)` for one, which throws.
    output: {
      dir: made,
      minify: false,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'shared-[hash].js',
    },
  });
  const files: Record<string, string> = {};
  for (const { url, namespace } of all) {
    const file = pathToFileURL(join(made, `${names.get(url)}.js`)).href;
    demandSame(url, namespace, (await import(file)) as Readonly<Record<string, unknown>>);
    files[url] = file;
  }
  return files;
}

/** CommonJS has no names that a bundler can see; those that Node.js gives it are written out. */
function reexport(url: string, namespace: object): string {
  const path = JSON.stringify(fileURLToPath(url));
  const names = Object.keys(namespace).filter((name) => name !== 'module.exports');
  return `export { ${names.join(', ')} } from ${path};\n`;
}

function demandSame(url: string, wanted: object, got: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (name === 'module.exports') continue;
    equal(typeof got[name], typeof value, `"${name}" of ${url} is ${typeof got[name]} in one file`);
  }
}

/** A module that asks where it is gets told where it came from. */
const itsOwnPlace: Plugin = {
  name: 'its-own-place',
  transform(code, id) {
    if (!/__dirname|__filename|import\.meta/.test(code)) return null;
    const places = {
      filename: JSON.stringify(id),
      dirname: JSON.stringify(dirname(id)),
      url: JSON.stringify(pathToFileURL(id).href),
    };
    return code
      .replaceAll(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, name: keyof typeof places) => places[name])
      .replaceAll(/\b__(dirname|filename)\b/g, (_, name: keyof typeof places) => places[name]);
  },
};

/** What Dure's packages import beside libraries is left to where it is: it may need what lies around it. */
const onlyLibraries: Plugin = {
  name: 'only-libraries',
  async resolveId(specifier, importer) {
    const isBare = /^[a-z@]/i.test(specifier) && !specifier.startsWith('node:');
    if (importer === undefined || !isBare || !isOwn(importer) || isLibrary(specifier)) return null;
    const found = await this.resolve(specifier, importer, { skipSelf: true });
    return found === null || found.external !== false ? found : { id: pathToFileURL(found.id).href, external: true };
  },
};

function isOwn(path: string): boolean {
  return !path.includes('/node_modules/') || path.includes('/node_modules/@dure/');
}

async function removeOld(folder: string, made: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.startsWith('made-') || path === made) continue;
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > keptMs) await rm(path, { recursive: true, force: true });
  }
}
