import { extname, join } from 'node:path';

/** The module that a host process runs: a source here, compiled where the package is published. */
export const hostModule = join(import.meta.dirname, '..', 'host', `main${extname(import.meta.filename)}`);
