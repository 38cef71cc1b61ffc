import { registerHooks } from 'node:module';
import { isLibrary, libraryFolder, readLibraryCache } from './library-cache.ts';

// Given to Node.js by `--import`, before the first module is looked for: whoever imports a library gets its one file. The query of its URL
// says what Dure's own packages were made of when the process was started.
const sources = new URL(import.meta.url).searchParams.get('sources') ?? '';
const folder = libraryFolder();
const cache = folder === undefined ? undefined : readLibraryCache(folder, sources);
if (cache !== undefined) {
  const { files } = cache;
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      // What CommonJS requires it may want to change, and gets as it is.
      if (!isLibrary(specifier) || !context.conditions.includes('import')) return found;
      const url = files[found.url];
      return url === undefined ? found : { ...found, url, format: 'module' };
    },
  });
}
