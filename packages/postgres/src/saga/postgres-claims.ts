import type { ClaimStore } from '@dure/saga';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';

/**
 * Semantic locks in the participant's database.
 *
 * @example
 * const claiming = claimed(postgresClaims());
 */
export function postgresClaims(): ClaimStore<Tx> {
  return {
    async claim(tx, { id, step }, resources) {
      const { rows } = await sql<{ readonly holder: string | null }>`
        select dure.claim_resources(${id}, ${step}, ${[...resources]}) as holder`.execute(tx.db);
      return rows[0]?.holder ?? undefined;
    },
    async release(tx, saga, step = undefined) {
      await sql`
        delete from dure.claim
        where saga_id = ${saga} and (${step ?? null}::text is null or step = ${step ?? null})`.execute(tx.db);
    },
    async sweep(tx, before) {
      const { numAffectedRows = 0n } = await sql`
        delete from dure.claim where at < to_timestamp(${before}::double precision / 1000)`.execute(tx.db);
      return Number(numAffectedRows);
    },
  };
}
