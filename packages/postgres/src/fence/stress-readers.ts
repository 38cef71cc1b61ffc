import { wait } from '@dure/core';
import { openConnection } from '../connection.ts';
import { openPool } from '../pool.ts';
import { postgresMessageLog } from '../postgres-message-log.ts';
import type { ReaderCheck } from './reader-check.ts';
import type { StressData, StressKit } from './stress-tally.ts';

const limit = 500;
const pauseMs = 20;

/** A reader by statements of its own, which checks each stream's versions. When its session ends it opens another. */
export async function readByHand(kit: StressKit, check: ReaderCheck, until: AbortSignal): Promise<void> {
  const { clock, random, url } = kit;
  while (!until.aborted) {
    try {
      const connection = await openConnection({
        url,
        name: 'stress-reader',
        timeoutMs: 5_000,
        onLost: () => undefined,
      });
      while (!until.aborted) {
        const safe = (await connection.query('select dure.advance() as safe', [], 'advance')).rows[0]?.safe as number;
        const { rows } = await connection.query(
          `select pos, stream, stream_version as version, data from dure.log where pos > $1 and pos <= $2 order by pos limit ${limit}`,
          [check.position, safe],
          'read',
        );
        for (const { pos, stream, version, data } of rows) {
          const { at, number } = data as StressData;
          check.take(pos as number, number, stream as string | null, version as number | null);
          check.latencies.note(clock.monotonicMs() - at);
        }
        if (rows.length < limit) {
          check.looked(safe);
          await wait(clock, random.next() * 4);
        }
      }
      await connection.close();
    } catch {
      await wait(clock, pauseMs);
    }
  }
}

/** A reader that goes the way of production: the message log and its mark. */
export async function readByLog(kit: StressKit, check: ReaderCheck, until: AbortSignal): Promise<void> {
  const { url, clock } = kit;
  const pool = openPool({ url, name: 'stress-tail', clock, size: 1, waitMs: 5_000, maxWaiting: 10 });
  const log = postgresMessageLog(pool, 'stress');
  while (!until.aborted) {
    try {
      const page = await log.read(check.position, 'all', limit);
      for (const { position, data } of page.messages) {
        const { at, number } = data as StressData;
        check.take(position, number, null, null);
        check.latencies.note(clock.monotonicMs() - at);
      }
      check.looked(page.mark);
      if (page.messages.length < limit) await wait(clock, 2);
    } catch {
      await wait(clock, pauseMs);
    }
  }
  await pool.close();
}
