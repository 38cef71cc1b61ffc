import { registerHooks } from 'node:module';
import { systemClock } from '@dure/core';
import type { Library } from './bundle-libraries.ts';
import { bundleLibraries } from './bundle-libraries.ts';
import { libraries, libraryFolder } from './library-cache.ts';

// Started by a supervisor whose system has become ready: loads what its processes load and keeps the libraries among it as single files,
// for the next start. The supervisor's end is its end.
process.once('disconnect', () => process.exit(0));

const found = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isWanted = libraries.has(specifier) && context.conditions.includes('import');
    if (isWanted && resolved.url.includes('/node_modules/')) found.add(resolved.url);
    return resolved;
  },
});

const [module = ''] = process.argv.slice(2);
const { loadDefinitions, loadSystem } = await import('../load-system.ts');
await Promise.all([
  import('../host/start-host.ts'),
  import('@dure/console'),
  loadSystem(module).then(({ system }) => loadDefinitions(system)),
]);
const all = await Promise.all(
  [...found].sort().map(async (url): Promise<Library> => ({ url, namespace: (await import(url)) as object })),
);
const folder = libraryFolder();
if (folder !== undefined) await bundleLibraries(all, folder, systemClock.now());
process.exit(0);
