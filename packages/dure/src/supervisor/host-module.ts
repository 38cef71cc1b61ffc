import { join } from 'node:path';

/** The module that a host process runs. */
export const hostModule = join(import.meta.dirname, '..', 'host', 'main.ts');
