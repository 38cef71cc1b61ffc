import { createHash } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@dure/core';

const packages = join(import.meta.dirname, '..', '..', '..');

/** How long what was found is taken to be so, in milliseconds: the processes of a system start together. */
const trustedMs = 500;

/** `sourcesNow` for a supervisor, which asks for every process that it starts. */
export function sourcesBy(clock: Clock): () => string {
  let found = '';
  let until = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonicMs();
    if (now >= until) found = sourcesNow();
    until = now + trustedMs;
    return found;
  };
}

/** What Dure's own packages are made of at the moment: `installed` by npm, or the state of the sources that they are run from. */
export function sourcesNow(): string {
  if (packages.includes('/node_modules/')) return 'installed';
  const hash = createHash('sha256');
  for (const file of globSync('*/{package.json,src/**/*.ts}', { cwd: packages }).sort()) {
    const { mtimeMs, size } = statSync(join(packages, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('base64url');
}
