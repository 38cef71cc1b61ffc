import type { Clock, Layer } from '@dure/core';
import type { PolicyRegistry } from '@dure/resilience';
import type { Resource } from '@dure/service/server';
import type { Database } from './database.ts';
import type { Tx } from './transaction.ts';

/** A service's PostgreSQL database, as its definition names it. */
export interface PostgresResource<Tables> extends Resource<Database<Tables>, Tx<Tables>> {
  readonly kind: 'postgres';
  /** The service's folder, in which `migrations/` and `seeds/` are. */
  readonly folder: string;
  /** Makes the `layers` of `openDatabase`. */
  readonly layers: ((kit: LayerKit) => readonly Layer<unknown, unknown>[]) | undefined;
}

/** What the layers before a database are made of. */
export interface LayerKit {
  readonly clock: Clock;
  /** The service's policies: add a breaker or a bulkhead, and the actuator shows it. */
  readonly policies: PolicyRegistry;
}

/**
 * Says that a service has a database of its own, brought up to date by the `migrations/` in its folder.
 *
 * @example
 * service({ contract: order, database: migrations<OrderTables>(import.meta.dirname), start: ({ db }) => … })
 *
 * @example
 * migrations<OrderTables>(import.meta.dirname, { layers: ({ clock }) => [bulkhead({ clock, name: 'db', most: 5, queue: 100 }).layer()] })
 */
export function migrations<Tables>(
  folder: string,
  options: { readonly layers?: (kit: LayerKit) => readonly Layer<unknown, unknown>[] } = {},
): PostgresResource<Tables> {
  return { kind: 'postgres', folder, layers: options.layers };
}
