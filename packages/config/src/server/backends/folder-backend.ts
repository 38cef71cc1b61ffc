import type { Clock } from '@dure/core';
import { systemClock } from '@dure/core';
import { ConfigFolder } from '../../properties/config-folder.ts';
import type { ConfigBackend } from './config-backend.ts';
import { watchFolder } from './watch-folder.ts';

/** A folder of files; an edit is seen by the next read, and told of. */
export function folderBackend(folder: string, clock: Clock = systemClock): ConfigBackend {
  const files = new ConfigFolder(folder);
  return {
    name: `folder ${folder}`,
    find: (request) => files.find(request),
    resource: (request) => files.resource(request),
    problems: () => files.problems(),
    refresh: async () => [],
    watch: (changed) => watchFolder(folder, clock, changed),
    [Symbol.asyncDispose]: async () => {},
  };
}
