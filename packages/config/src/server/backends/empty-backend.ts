import type { BackendFound, ConfigBackend } from './config-backend.ts';

const nothing: BackendFound = { sources: [], stale: [] };

/** Configures nobody with anything. */
export const emptyBackend: ConfigBackend = {
  name: 'nothing',
  find: async () => nothing,
  resource: async () => undefined,
  problems: async () => [],
  refresh: async () => [],
  [Symbol.asyncDispose]: async () => {},
};
