import type { Clock } from '@dure/core';
import type { Pool } from './pool.ts';

const sweepEveryMs = 600_000;
const sweepAtMost = 5_000;

/**
 * Makes a broom: whoever calls it sweeps, now and then, without waiting. `statement` deletes at most `$2` rows that are older than `$1`
 * (epoch milliseconds). Failures do no harm: the next sweep finds the same rows.
 */
export function sweeper(pool: Pool, clock: Clock, keptMs: number, statement: string): () => void {
  let sweptAtMs = clock.now();
  const sweep = async () => {
    const connection = await pool.lease(undefined);
    try {
      const before = clock.now() - keptMs;
      for (let deleted = sweepAtMost; deleted >= sweepAtMost; ) {
        deleted = (await connection.query(statement, [before, sweepAtMost])).rowCount;
      }
    } finally {
      pool.release(connection);
    }
  };
  return () => {
    if (clock.now() - sweptAtMs < sweepEveryMs) return;
    sweptAtMs = clock.now();
    sweep().catch(() => undefined);
  };
}
