import type { Resource } from '@dure/service/server';
import type { Database } from './database.ts';
import type { Tx } from './transaction.ts';

/** A service's PostgreSQL database, as its definition names it. */
export interface PostgresResource<Tables> extends Resource<Database<Tables>, Tx<Tables>> {
  readonly kind: 'postgres';
  /** The service's folder, in which `migrations/` and `seeds/` are. */
  readonly folder: string;
}

/**
 * Says that a service has a database of its own, brought up to date by the `migrations/` in its folder.
 *
 * @example
 * service({ contract: order, database: migrations<OrderTables>(import.meta.dirname), start: ({ db }) => … })
 */
export function migrations<Tables>(folder: string): PostgresResource<Tables> {
  return { kind: 'postgres', folder };
}
