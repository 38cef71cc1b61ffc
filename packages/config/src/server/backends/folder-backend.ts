import { ConfigFolder } from '../../properties/config-folder.ts';
import type { ConfigBackend } from './config-backend.ts';

/** A folder of files; an edit is seen by the next read. */
export function folderBackend(folder: string): ConfigBackend {
  const files = new ConfigFolder(folder);
  return {
    name: `folder ${folder}`,
    find: (request) => files.find(request),
    resource: (request) => files.resource(request),
    problems: () => files.problems(),
    refresh: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}
