import { ConfigFolder } from '../../properties/config-folder.ts';
import type { ConfigBackend } from './config-backend.ts';

/** A folder of files; an edit is seen by the next read. `mayCombine` as for `ConfigFolder`. */
export function folderBackend(folder: string, mayCombine?: (name: string, profile: string) => boolean): ConfigBackend {
  const files = new ConfigFolder(folder, mayCombine);
  return {
    name: `folder ${folder}`,
    find: (request) => files.find(request),
    problems: () => files.problems(),
    refresh: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}
