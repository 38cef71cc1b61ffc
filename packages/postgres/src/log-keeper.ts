import type { Clock } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { Pool } from './pool.ts';

/** How long a service keeps what it has said and done. */
export interface Retention {
  /** How long messages are kept at least, in milliseconds. Older ones go when every follower and every reader is past them. */
  readonly messagesMs: number;
  /** How long sagas that have ended, and what is remembered of their steps, are kept, in milliseconds. */
  readonly sagasMs: number;
  /** The services that may read the log: what one of them has not asked for yet is kept. */
  readonly readers: readonly string[];
}

const rollEveryMs = 5_000;
const sweepEveryMs = 60_000;
const sagasAtOnce = 1_000;

/** Looks after the partitions of the log. */
export interface LogKeeper {
  /** Makes those to come. */
  extend(): Promise<void>;
  /** To be told after each commit that appended: does what is due beside it, now and then. */
  appended(): void;
}

/** Makes partitions of the log, and drops those that nobody needs; whichever process comes first does the work. */
export function logKeeper(pool: Pool, clock: Clock, log: Logger, retention: Retention | undefined): LogKeeper {
  let rolledAtMs = clock.monotonicMs();
  let sweptAtMs = rolledAtMs;
  const run = async (text: string, values: readonly unknown[] = []) => {
    const connection = await pool.lease(undefined);
    try {
      return await connection.query(text, values);
    } finally {
      pool.release(connection);
    }
  };
  const extend = async () => void (await run('select dure.roll_log()'));
  const sweep = async ({ messagesMs, sagasMs, readers }: Retention) => {
    const before = (ms: number) => clock.now() - ms;
    const drop = 'select dure.drop_log(to_timestamp($1::float8 / 1000), $2) as dropped';
    const { rows } = await run(drop, [before(messagesMs), readers]);
    const dropped = rows[0]?.dropped as number;
    if (dropped > 0) log.info('old partitions of the log were dropped', { dropped });
    await run('select dure.sweep_sagas(to_timestamp($1::float8 / 1000), $2)', [before(sagasMs), sagasAtOnce]);
  };
  return {
    extend,
    appended() {
      const now = clock.monotonicMs();
      if (now - rolledAtMs < rollEveryMs) return;
      rolledAtMs = now;
      const isSweepDue = retention !== undefined && now - sweptAtMs >= sweepEveryMs;
      if (isSweepDue) sweptAtMs = now;
      void extend()
        .then(() => (isSweepDue ? sweep(retention) : undefined))
        .catch((error: unknown) => log.info('the partitions of the log are looked after later', { error }));
    },
  };
}
