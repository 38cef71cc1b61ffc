import { watch } from 'node:fs';
import type { Clock, Timer } from '@dure/core';

/** An editor writes in several steps, a deployment several files: it is looked at when nothing has happened for so long. */
const quietMs = 40;
/** Under constant change it is looked at all the same. */
const longestMs = 400;

/** Tells of edits in a folder; where the file system tells nothing, nobody is told. The result ends that. */
export function watchFolder(folder: string, clock: Clock, changed: () => void): () => void {
  let timer: Timer | undefined;
  let since = 0;
  const tell = () => {
    timer = undefined;
    changed();
  };
  const touched = () => {
    const now = clock.monotonicMs();
    if (timer === undefined) since = now;
    timer?.cancel();
    timer = clock.after(Math.max(Math.min(quietMs, since + longestMs - now), 0), tell);
  };
  const end = open(folder, touched);
  return () => {
    timer?.cancel();
    end();
  };
}

function open(folder: string, touched: () => void): () => void {
  try {
    const watcher = watch(folder, { recursive: true, persistent: false }, touched);
    // A folder that goes away, or too many watches: the slow look at the files is left.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
