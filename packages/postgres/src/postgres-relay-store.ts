import type { RelayMark, RelayStore } from '@dure/messaging';
import type { Answer } from './connection.ts';
import type { Pool } from './pool.ts';

const until = `dure.now() + $2 * interval '1 millisecond'`;

const claim = `insert into dure.relay as r (owner, owned_until, run) values ($1, ${until}, dure.log_run())
  on conflict (one) do update set owner = excluded.owner, owned_until = excluded.owned_until, run = excluded.run
  where r.owner = excluded.owner or r.owner is null or r.owned_until < dure.now() or r.run is distinct from excluded.run
  returning pos, heads`;

/** The heads belong to the position: both move, or neither; and nothing does that belongs to another run of the server. */
const move = `update dure.relay set owned_until = ${until},
  heads = case when pos < $3 then $4::jsonb else heads end, pos = greatest(pos, $3)
  where owner = $1 and run = dure.log_run()`;

const release = 'update dure.relay set owner = null where owner = $1';

/** Keeps the mark of a service's relay in the service's own database. */
export function postgresRelayStore(pool: Pool): RelayStore {
  const ask = async (text: string, values: readonly unknown[], name: string): Promise<Answer> => {
    const connection = await pool.lease(undefined);
    try {
      return await connection.query(text, values, name);
    } finally {
      pool.release(connection);
    }
  };
  return {
    async claim(owner, forMs) {
      const { rows } = await ask(claim, [owner, forMs], 'dure.relay-claim');
      const row = rows[0] as { readonly pos: number; readonly heads: RelayMark['heads'] } | undefined;
      return row === undefined ? undefined : { position: row.pos, heads: row.heads };
    },
    async move(owner, { position, heads }, forMs) {
      const { rowCount } = await ask(move, [owner, forMs, position, JSON.stringify(heads)], 'dure.relay-move');
      return rowCount === 1;
    },
    async release(owner) {
      await ask(release, [owner], 'dure.relay-release');
    },
  };
}
