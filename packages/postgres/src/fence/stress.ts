import type { Clock, Ids, Random } from '@dure/core';
import { randomInteger, randomItem, wait } from '@dure/core';
import type { Connection } from '../connection.ts';
import { openConnection } from '../connection.ts';
import { openPool } from '../pool.ts';
import { postgresMessageLog } from '../postgres-message-log.ts';
import type { ReaderCheck } from './reader-check.ts';
import { readerCheck } from './reader-check.ts';

export interface StressOptions {
  /** A role that may append, read, and end its own sessions. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  /** It ends when both are reached. */
  readonly seconds: number;
  readonly events: number;
  readonly writers: number;
  readonly readers: number;
  /** How often the session of a writer is killed, in milliseconds; 0 never. */
  readonly killEveryMs: number;
  /** Ends early, as soon as a reader has noticed something. */
  readonly stopAtFirstFault?: boolean;
}

/** What became of it. The log's reader is right only if the three counts are zero. */
export interface StressReport {
  readonly lost: number;
  readonly doubled: number;
  readonly inverted: number;
  /** Rows in the log at the end. */
  readonly events: number;
  readonly rolledBack: number;
  readonly killed: number;
  readonly seconds: number;
  readonly appendsPerSecond: number;
  /** From sending the COMMIT to a reader's receiving the row, in milliseconds, over all readers. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** What the readers noticed first. */
  readonly faults: readonly string[];
}

const streams = 24;

/**
 * The commit fence under fire: writers that commit, roll back, roll back to savepoints, dawdle between append and commit,
 * write elsewhere first, and are killed; readers that must see every committed row once, and each stream's versions in order.
 */
export async function runFenceStress(options: StressOptions): Promise<StressReport> {
  const stress = new Stress(options);
  return stress.run();
}

class Stress {
  readonly #options: StressOptions;
  readonly #sessions = new Set<{ pid: number; readonly connection: Connection }>();
  readonly #stop = new AbortController();
  readonly #written = new AbortController();
  #appended = 0;
  #rolledBack = 0;
  #killed = 0;

  constructor(options: StressOptions) {
    this.#options = options;
  }

  async run(): Promise<StressReport> {
    const { clock, writers, readers, seconds, events, stopAtFirstFault } = this.#options;
    const control = await this.#connect('stress-control');
    const checks = Array.from({ length: readers }, () => readerCheck());
    const reading = checks.map((check, index) => (index === 0 ? this.#followTail(check) : this.#read(check)));
    const began = clock.monotonicMs();
    const writing = Array.from({ length: writers }, () => this.#write());
    const killing = this.#kill(control);
    while (clock.monotonicMs() - began < seconds * 1_000 || this.#appended < events) {
      await wait(clock, 50);
      if (stopAtFirstFault === true && checks.some((check) => check.faults.length > 0)) break;
    }
    this.#stop.abort();
    await Promise.all([...writing, killing]);
    const took = (clock.monotonicMs() - began) / 1_000;
    const last = (await control.query('select coalesce(max(pos), 0) as last, count(*) as many from dure.log')).rows[0];
    const many = last?.many as number;
    await this.#drain(checks, last?.last as number);
    this.#written.abort();
    await Promise.all(reading);
    await control.close();
    return this.#report(checks, many, took);
  }

  #report(checks: readonly ReaderCheck[], events: number, seconds: number): StressReport {
    const latencies = checks.flatMap((check) => check.latencies).toSorted((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
    const sum = (pick: (check: ReaderCheck) => number) => checks.reduce((total, check) => total + pick(check), 0);
    return {
      lost: sum((check) => Math.max(0, events - check.seen)),
      doubled: sum((check) => check.doubled),
      inverted: sum((check) => check.inverted),
      events,
      rolledBack: this.#rolledBack,
      killed: this.#killed,
      seconds,
      appendsPerSecond: events / seconds,
      latencyMs: { p50: at(0.5), p99: at(0.99) },
      faults: checks.flatMap((check) => check.faults).slice(0, 5),
    };
  }

  /** Gives the readers time to come to the end; what they have not seen by then is lost. */
  async #drain(checks: readonly ReaderCheck[], last: number): Promise<void> {
    const { clock } = this.#options;
    const until = clock.monotonicMs() + 3_000;
    while (checks.some((check) => check.position < last) && clock.monotonicMs() < until) await wait(clock, 20);
  }

  #connect(name: string): Promise<Connection> {
    return openConnection({ url: this.#options.url, name, timeoutMs: 5_000, onLost: () => undefined });
  }

  async #write(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const connection = await this.#connect('stress-writer');
        const { rows } = await connection.query('select pg_backend_pid() as pid');
        const session = { pid: rows[0]?.pid as number, connection };
        this.#sessions.add(session);
        try {
          while (!this.#stop.signal.aborted) await this.#transaction(connection);
        } finally {
          this.#sessions.delete(session);
          await connection.close();
        }
      } catch {
        await wait(clock, 5); // Killed: start again.
      }
    }
  }

  async #transaction(connection: Connection): Promise<void> {
    const { random, clock } = this.#options;
    const dice = random.next();
    const begin = connection.query('begin');
    begin.catch(() => undefined);
    if (dice < 0.1) await connection.query('select pg_current_xact_id()'); // Owns a transaction id early.
    if (dice >= 0.1 && dice < 0.2) {
      const undone = connection.together(() => [
        connection.query('savepoint s'),
        this.#flush(connection),
        connection.query('rollback to savepoint s'),
      ]);
      await Promise.all(undone);
    }
    if (dice >= 0.2 && dice < 0.3) {
      await Promise.all(connection.together(() => [this.#flush(connection), connection.query('rollback')]));
      this.#rolledBack += 1;
      return;
    }
    const dawdles = dice > 0.99;
    if (dawdles) {
      await this.#flush(connection);
      await wait(clock, randomInteger(random, 20, 150));
    }
    await Promise.all(connection.together(() => [this.#flush(connection), connection.query('commit')]));
    this.#appended += dawdles ? 2 : 1;
  }

  /** One or a few messages, of streams or of none; heads are locked by the function in one order. */
  #flush(connection: Connection): Promise<unknown> {
    const { random, ids, clock } = this.#options;
    const count = random.next() < 0.8 ? 1 : randomInteger(random, 2, 4);
    const counts = new Map<string, number>();
    const messages = Array.from({ length: count }, () => {
      const stream = random.next() < 0.7 ? `s${randomInteger(random, 1, streams)}` : undefined;
      const at = clock.monotonicMs();
      const base = { id: ids.uuid(), at: clock.now(), kind: 'e', type: 'stress.appended', version: 1, key: 'k' };
      const rest = { data: { at }, meta: { correlation: 'stress' } };
      if (stream === undefined) return { ...base, ...rest };
      const n = (counts.get(stream) ?? 0) + 1;
      counts.set(stream, n);
      return { ...base, stream, n, ...rest };
    });
    const heads = [...counts].map(([stream, many]) => ({ stream, expected: 'any', count: many }));
    const values = [JSON.stringify(messages), heads.length === 0 ? null : JSON.stringify(heads)];
    return connection.query('select dure.flush($1::jsonb, $2::jsonb)', values, 'stress.flush');
  }

  async #kill(control: Connection): Promise<void> {
    const { killEveryMs, clock, random } = this.#options;
    if (killEveryMs === 0) return;
    while (await wait(clock, killEveryMs, this.#stop.signal)) {
      const victim = randomItem(random, [...this.#sessions]);
      if (victim === undefined) continue;
      await control.query('select pg_terminate_backend($1)', [victim.pid]);
      this.#killed += 1;
    }
  }

  /** A reader that checks each stream's versions. */
  async #read(check: ReaderCheck): Promise<void> {
    const { clock, random } = this.#options;
    const connection = await this.#connect('stress-reader');
    while (!this.#written.signal.aborted) {
      const safe = (await connection.query('select dure.advance() as safe', [], 'advance')).rows[0]?.safe as number;
      const { rows } = await connection.query(
        `select pos, stream, stream_version as version, data from dure.log where pos > $1 and pos <= $2 order by pos limit 500`,
        [check.position, safe],
        'read',
      );
      for (const row of rows) {
        const { at } = row.data as { readonly at: number };
        check.take(row.pos as number, row.stream as string | null, row.version as number | null);
        check.latencies.push(clock.monotonicMs() - at);
      }
      if (rows.length < 500) {
        check.looked(safe);
        await wait(clock, random.next() * 4);
      }
    }
    await connection.close();
  }

  /** A reader that goes the way of production: the message log and its mark. */
  async #followTail(check: ReaderCheck): Promise<void> {
    const { url, clock } = this.#options;
    const pool = openPool({ url, name: 'stress-tail', clock, size: 1, waitMs: 5_000, maxWaiting: 10 });
    const log = postgresMessageLog(pool, 'stress');
    while (!this.#written.signal.aborted) {
      const page = await log.read(check.position, 'all', 500);
      for (const { position, data } of page.messages) {
        check.take(position, null, null);
        check.latencies.push(clock.monotonicMs() - (data as { readonly at: number }).at);
      }
      check.looked(page.mark);
      if (page.messages.length < 500) await wait(clock, 2);
    }
    await pool.close();
  }
}
