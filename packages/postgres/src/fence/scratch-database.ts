import type { Clock, Random } from '@dure/core';
import { isDureError, messageOf, wait } from '@dure/core';
import { postgresErrors } from '../errors.ts';
import { connected } from '../provisioning/connect.ts';
import { databaseUrl } from '../provisioning/provision-databases.ts';
import { quoteIdentifier, quoteLiteral } from '../provisioning/quote.ts';
import { isRefusedByServer, sqlStateOf } from '../sql-state.ts';
import { scratchPrefix } from './server-facts.ts';

export interface ScratchOptions {
  /** Of a role that may create databases. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** A database that is made for one purpose and dropped when it is served. */
export interface ScratchDatabase {
  readonly name: string;
  readonly url: string;
  /** False before it is made, and when the server refused to make it. */
  readonly mayExist: boolean;
  /** Makes it. POSTGRES_CREATEDB_MISSING, POSTGRES_PROOF_FAILED, POSTGRES_CONNECT_FAILED. */
  create(): Promise<void>;
  /** Drops it if it is there, with every session in it; resolves with the reason when that is impossible for ten seconds. */
  drop(): Promise<string | undefined>;
}

const dropPatienceMs = 10_000;
const againMs = 500;

/**
 * A database of a name that nobody else has. It makes no roles and changes nothing outside of it, as provisioning does: the
 * server is somebody else's. All the same, PostgreSQL lets nobody in but its owner and superusers.
 */
export function scratchDatabase({ url, clock, random }: ScratchOptions): ScratchDatabase {
  const name = `${scratchPrefix}${Buffer.from(random.bytes(new Uint8Array(8))).toString('hex')}`;
  const quoted = quoteIdentifier(name);
  let mayExist = false;
  return {
    name,
    url: databaseUrl(url, name),
    get mayExist() {
      return mayExist;
    },
    async create() {
      try {
        await connected(url, async (client) => {
          mayExist = true;
          await client.query(`CREATE DATABASE ${quoted} TEMPLATE template0`).catch((error) => {
            mayExist = !isRefusedByServer(error);
            throw error;
          });
          await client.query(`REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC`);
          await client.query(`COMMENT ON DATABASE ${quoted} IS ${quoteLiteral(comment)}`);
        });
      } catch (error) {
        throw told(error, name);
      }
    },
    async drop() {
      const until = clock.monotonicMs() + dropPatienceMs;
      for (;;) {
        try {
          await connected(url, (client) => client.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`));
          return undefined;
        } catch (error) {
          if (clock.monotonicMs() > until) return messageOf(error);
          await wait(clock, againMs);
        }
      }
    },
  };
}

const comment = 'scratch database of `dure prove`; it is dropped when that ends, and may be dropped if it was killed';

function told(error: unknown, name: string): unknown {
  if (isDureError(error)) return error;
  const message = `the scratch database ${name} could not be made: ${messageOf(error)}`;
  return sqlStateOf(error) === '42501'
    ? postgresErrors.CREATEDB_MISSING(message, { cause: error })
    : postgresErrors.PROOF_FAILED(message, { cause: error });
}
