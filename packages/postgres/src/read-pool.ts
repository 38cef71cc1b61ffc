import type { Call } from '@dure/core';
import type { Around } from './around.ts';
import type { Connection } from './connection.ts';
import { postgresErrors } from './errors.ts';
import type { Pool } from './pool.ts';

/** Whom a read borrows its connection from. */
export type ReadPool = Pick<Pool, 'lease' | 'release'>;

/** The pool for reads: the layers stand round the time from the lease to the release. What they end loses its connection. */
export function readPool(pool: Pool, around: Around, newCall: () => Call): ReadPool {
  const leased = new Map<Connection, () => void>();
  return {
    lease: () =>
      new Promise((resolve, reject) => {
        const read = async (call: Call): Promise<void> => {
          const connection = await pool.lease(call);
          const abandon = () => connection.abandon();
          call.signal.addEventListener('abort', abandon, { once: true });
          if (call.signal.aborted) abandon();
          await new Promise<void>((released) => {
            leased.set(connection, released);
            resolve(connection);
          });
          leased.delete(connection);
          call.signal.removeEventListener('abort', abandon);
          const { broken } = connection;
          pool.release(connection);
          if (broken) throw postgresErrors.CONNECTION_LOST('the connection to PostgreSQL broke under a read');
        };
        around(newCall(), read).catch(reject);
      }),
    release: (connection) => leased.get(connection)?.(),
  };
}
