import type { Resource } from '@dure/service/server';
import type { ReadModelFile } from './read-model-file.ts';
import type { Statements } from './statements.ts';

/** A service's read model, as its definition names it. */
export interface ReadModelResource extends Resource<ReadModelFile, Statements> {
  readonly kind: 'sqlite';
  readonly schema: string;
}

/**
 * Says that a service keeps a read model in a SQLite file of its own in each of its processes, filled by its reactions from the logs
 * of other services. Its file carries the schema's fingerprint: with another schema a new file is begun and filled from the
 * beginning of those logs, and the process is ready when it has caught up; the file of the old one stays in use until then.
 *
 * @example
 * service({ contract: search, database: readModel('create table …'), reactions: [reaction(productAdded, …)], start: ({ db }) => … })
 */
export function readModel(schema: string): ReadModelResource {
  return { kind: 'sqlite', schema };
}
