import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { extname, join } from 'node:path';
import type { Clock } from '@dure/core';
import { libraryFolder, readLibraryCache } from './library-cache.ts';
import { sourcesNow } from './sources-now.ts';

const preloadModule = new URL(`preload${extname(import.meta.filename)}`, import.meta.url).href;

/** What every process of a system is given by `--import`, with what Dure's own packages are made of. */
export function preloadOf(sources: string): string {
  return `${preloadModule}?sources=${sources}`;
}

const makerModule = join(import.meta.dirname, `bundle.main${extname(import.meta.filename)}`);
/** A system that has just become ready has better things to do. */
const afterMs = 2_000;
const lowestPriority = 19;

/**
 * Makes the cache of libraries for the next start, in a process of its own that yields to all others, unless it is there. Whatever goes wrong
 * leaves the next start as it was. Returns what ends it.
 */
export function makeLibraries(system: string, path: string, clock: Clock): () => void {
  const folder = libraryFolder();
  const sources = sourcesNow();
  if (folder === undefined || readLibraryCache(folder, sources) !== undefined) return () => undefined;
  let end: () => void = () => undefined;
  const timer = clock.after(afterMs, () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', makerModule, system, sources], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: path },
    });
    child.on('error', () => undefined);
    child.on('spawn', () => {
      if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
    });
    end = () => child.kill('SIGKILL');
  });
  return () => {
    timer.cancel();
    end();
  };
}
