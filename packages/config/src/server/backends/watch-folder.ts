import type { FSWatcher } from 'node:fs';
import { existsSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '@dure/core';

/** An editor writes in several steps, a deployment several files: it is looked at when nothing has happened for so long. */
const quietMs = 40;
/** Under constant change it is looked at all the same. */
const longestMs = 400;
const mostFolders = 1_000;

/** Tells of edits in a folder; where the file system tells nothing, nobody is told. The result ends that. */
export function watchFolder(folder: string, clock: Clock, changed: () => void): () => void {
  let timer: Timer | undefined;
  let since = 0;
  const folders = new Map<string, FSWatcher>();
  const touched = () => {
    const now = clock.monotonicMs();
    if (timer === undefined) since = now;
    timer?.cancel();
    timer = clock.after(Math.max(Math.min(quietMs, since + longestMs - now), 0), tell);
  };
  const tell = () => {
    timer = undefined;
    follow(folder, folders, touched);
    changed();
  };
  follow(folder, folders, touched);
  return () => {
    timer?.cancel();
    for (const watcher of folders.values()) watcher.close();
    folders.clear();
  };
}

/**
 * Watches the folder and those within that are not watched yet. Each by itself: `recursive` watches every file on Linux, and a file that
 * was replaced by another of its name, as editors do it, is not heard of again.
 */
function follow(root: string, folders: Map<string, FSWatcher>, touched: () => void): void {
  for (const folder of [root, ...foldersIn(root)].slice(0, mostFolders)) {
    if (folders.has(folder)) continue;
    try {
      const watcher = watch(folder, { persistent: false }, touched);
      folders.set(folder, watcher);
      // A folder that goes away, or too many watches: the slow look at the files is left.
      watcher.on('error', () => {
        watcher.close();
        folders.delete(folder);
      });
    } catch {
      // It went away meanwhile, or there are too many watches: the slow look at the files is left.
    }
  }
  for (const [folder, watcher] of folders) {
    if (existsSync(folder)) continue;
    watcher.close();
    folders.delete(folder);
  }
}

function foldersIn(root: string): readonly string[] {
  try {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}
