import type { Clock } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Answer } from './connection.ts';
import type { Pool } from './pool.ts';

/** How long a service keeps what it has said and done. */
export interface Retention {
  /** How long messages are kept at least, in milliseconds. Older ones go when every follower and every reader is past them. */
  readonly messagesMs: number;
  /** The same for messages of some types, where it is longer; `Infinity`: for ever. All that was written later stays with them. */
  readonly messagesOfMs?: Readonly<Record<string, number>>;
  /** How long sagas that have ended, and what is remembered of their steps, are kept, in milliseconds. */
  readonly sagasMs: number;
  /** The same for the sagas of some names, in place of `sagasMs`. */
  readonly sagasOfMs?: Readonly<Record<string, number>>;
  /** The services that may read the log: what one of them has not asked for yet is kept. */
  readonly readers: readonly string[];
  /** Whether a relay carries the log to a broker: what it has not published yet is kept. Default false. */
  readonly hasRelay?: boolean;
  /**
   * How long messages are kept at most, in milliseconds, whoever has not had them: a follower whose code has gone must not fill the disk.
   * What somebody misses thereby is logged as an error. Default: for ever.
   */
  readonly longestMs?: number;
}

const rollEveryMs = 5_000;
const sweepEveryMs = 60_000;
const warnEveryMs = 3_600_000;
const sagasAtOnce = 1_000;
const payloadsAtOnce = 100;

/** Who is furthest behind, and when the first message was written that it has not had, in epoch milliseconds. */
interface Slowest {
  readonly holder: string;
  readonly pos: number;
  readonly since: number;
}

interface Dropped {
  readonly dropped: number;
  readonly missed: readonly string[];
}

/** Looks after the partitions of the log. */
export interface LogKeeper {
  /** Makes those to come. */
  extend(): Promise<void>;
  /** To be told after each commit that appended: does what is due beside it, now and then. */
  appended(): void;
}

/** Makes partitions of the log, and drops those that nobody needs; whichever process comes first does the work. */
export function logKeeper(
  pool: Pool,
  clock: Clock,
  { log, metrics }: Telemetry,
  retention: Retention | undefined,
): LogKeeper {
  let slowest: Slowest | undefined;
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  metrics.gauge(
    'messaging_log_waits_seconds',
    'Age of the oldest message of the log that somebody has not had yet',
    () => (slowest === undefined ? 0 : Math.max(clock.now() - slowest.since, 0) / 1_000),
  );
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
  const look = async ({ messagesMs, longestMs, readers, hasRelay = false }: Retention) => {
    const { rows } = await run('select * from dure.log_slowest($1, $2)', [readers, hasRelay]);
    slowest = rows[0] as Slowest | undefined;
    const now = clock.monotonicMs();
    if (slowest === undefined || clock.now() - slowest.since < messagesMs || now - warnedAtMs < warnEveryMs) return;
    warnedAtMs = now;
    const untilMs = longestMs === undefined ? undefined : slowest.since + longestMs;
    log.warn('old messages are kept for somebody who has not had them', { ...slowest, untilMs });
  };
  const sweep = async (kept: Retention) => {
    const { dropped, missed } = await dropOld(run, kept, clock.now());
    if (dropped > 0) log.info('old partitions of the log were dropped', { dropped });
    if (missed.length > 0) log.error('messages were dropped that not everybody had had, for their age', { missed });
    await look(kept);
    await forgetSagas(run, kept, clock.now());
    await run('select dure.sweep_payloads(to_timestamp($1::float8 / 1000), $2)', [
      clock.now() - kept.messagesMs,
      payloadsAtOnce,
    ]);
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

type Run = (text: string, values: readonly unknown[]) => Promise<Answer>;

async function dropOld(
  run: Run,
  { messagesMs, messagesOfMs = {}, readers, hasRelay = false, longestMs }: Retention,
  now: number,
): Promise<Dropped> {
  const drop = `select * from dure.drop_log(to_timestamp($1::float8 / 1000), $2, $3,
    coalesce(to_timestamp($4::float8 / 1000), '-infinity'), $5)`;
  const latest = longestMs === undefined ? null : now - longestMs;
  const longer = Object.entries(messagesOfMs).filter(([, ms]) => ms > messagesMs);
  const kept = Object.fromEntries(longer.map(([type, ms]) => [type, Number.isFinite(ms) ? now - ms : null]));
  const { rows } = await run(drop, [now - messagesMs, readers, hasRelay, latest, JSON.stringify(kept)]);
  return rows[0] as unknown as Dropped;
}

async function forgetSagas(run: Run, { sagasMs, sagasOfMs = {} }: Retention, now: number): Promise<void> {
  const own = Object.fromEntries(Object.entries(sagasOfMs).map(([name, ms]) => [name, now - ms]));
  const forget = 'select dure.sweep_sagas(to_timestamp($1::float8 / 1000), $2, $3) as forgotten';
  for (let forgotten = sagasAtOnce; forgotten >= sagasAtOnce; ) {
    const { rows } = await run(forget, [now - sagasMs, sagasAtOnce, JSON.stringify(own)]);
    forgotten = rows[0]?.forgotten as number;
  }
}
