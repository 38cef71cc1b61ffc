import { readFile } from 'node:fs/promises';
import { findPackageJSON, registerHooks } from 'node:module';
import { join } from 'node:path';
import { systemClock } from '@dure/core';
import type { Library } from './bundle-libraries.ts';
import { bundleLibraries } from './bundle-libraries.ts';
import { isLibrary, libraryFolder } from './library-cache.ts';

// Started by a supervisor whose system has become ready: loads what its processes load and keeps the libraries among it as single files,
// for the next start. The supervisor's end is its end.
process.once('disconnect', () => process.exit(0));

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** What tests, builds and the supervisor import, and what a browser shows. */
const elsewhere = /testing|build|design|embedded|contract-source/;
const wanted = new Set<string>();
/** Of those that are wanted what is loaded: some are only asked for their place. */
const found = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (isLibrary(specifier) && context.conditions.includes('import')) wanted.add(resolved.url);
    return resolved;
  },
  load(url, context, next) {
    if (wanted.has(url)) found.add(url);
    return next(url, context);
  },
});

const [module = '', sources = ''] = process.argv.slice(2);
const { loadDefinitions, loadSystem } = await import('../load-system.ts');
await Promise.all([
  import('../host/start-host.ts'),
  loadSystem(module).then(({ system }) => loadDefinitions(system)),
  ...(await ownEntries()).map((url) => import(url) as Promise<object>),
]);
const all = await Promise.all(
  [...found].sort().map(async (url): Promise<Library> => ({ url, namespace: (await import(url)) as object })),
);
const folder = libraryFolder();
if (folder !== undefined) await bundleLibraries(all, { folder, sources, now: systemClock.now() });
process.exit(0);

/** All that processes may import of the packages that this one depends on. */
async function ownEntries(): Promise<readonly string[]> {
  const names = Object.keys((await manifestOf(import.meta.url)).dependencies ?? {}).filter(isLibrary);
  const entries = await Promise.all(
    names.map(async (name) => {
      const paths = Object.keys((await manifestOf(name)).exports ?? {});
      return paths.filter((path) => !elsewhere.test(path)).map((path) => import.meta.resolve(join(name, path)));
    }),
  );
  for (const url of entries.flat()) found.add(url);
  return entries.flat();
}

async function manifestOf(place: string): Promise<Manifest> {
  return JSON.parse(await readFile(findPackageJSON(place, import.meta.url) ?? '', 'utf8')) as Manifest;
}
