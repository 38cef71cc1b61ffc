import { createHash } from 'node:crypto';
import type { BackendFound } from '../backends/config-backend.ts';

/**
 * The version of what an application gets: the same for the same keys and values in the same sources, wherever in their
 * files they stand. An edit of another application's file, or of a comment, is no new version.
 */
export function environmentVersion({ sources }: BackendFound): string {
  const hash = createHash('sha256');
  for (const { file, document, properties } of sources) {
    hash.update(JSON.stringify([file, document ?? null]));
    for (const [key, { value }] of properties) hash.update(JSON.stringify([key, value]));
  }
  return hash.digest('base64url').slice(0, 16);
}
