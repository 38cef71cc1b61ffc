import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const searchByOthers = 0o001;

/** Whether every user may enter the folder: it and all above it are open to search (a root home is not). */
export async function isReachable(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & searchByOthers) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
