import type { Clock } from '@dure/core';
import type { Pool } from './pool.ts';
import { sweeper } from './sweeper.ts';

const old = `delete from dure.inbox where ctid in (
  select ctid from dure.inbox where at < to_timestamp($1::double precision / 1000) limit $2)`;

/** Forgets ids that are older than `keptMs`, now and then, behind the back of a delivery by id. */
export function inboxSweeper(pool: Pool, clock: Clock, keptMs: number): () => void {
  return sweeper(pool, clock, keptMs, old);
}
