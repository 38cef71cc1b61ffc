import type { Clock, Ids, Random } from '@dure/core';
import { randomItem, wait } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { Answer } from '../connection.ts';
import type { Database } from '../database.ts';
import { openDatabase } from '../database.ts';
import type { Pool } from '../pool.ts';
import { leased, openPool } from '../pool.ts';
import { percentile } from './latency-counts.ts';
import type { ReaderCheck } from './reader-check.ts';
import { readerCheck } from './reader-check.ts';
import { readByHand, readByLog } from './stress-readers.ts';
import type { StressTally } from './stress-tally.ts';
import { newTally, writerNames } from './stress-tally.ts';
import { writeAlone, writeTogether } from './stress-writers.ts';

export interface StressOptions {
  /** A role that may append, read, and end its own sessions. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  /** It ends when both are reached. */
  readonly seconds: number;
  readonly events: number;
  /** Each with a session of its own. */
  readonly writers: number;
  /** Processes of a service, each with eight callers whose appends are committed together. */
  readonly services: number;
  readonly readers: number;
  /** How often the session of a writer is killed, in milliseconds; 0 never. */
  readonly killEveryMs: number;
  /** Ends early, as soon as a reader has noticed something. */
  readonly stopAtFirstFault?: boolean;
  /** Hears every second how far it is. */
  readonly observe?: (progress: StressProgress) => void;
  /** Ends it at once; then the report says nothing. */
  readonly signal?: AbortSignal;
}

/** How far a stress is. */
export interface StressProgress {
  readonly seconds: number;
  /** Messages whose COMMIT was answered. */
  readonly acknowledged: number;
  readonly killed: number;
}

/** What became of it. The log's reader is right only if the first four counts are zero. */
export interface StressReport {
  /** Rows that a reader has not seen, over all readers. */
  readonly lost: number;
  readonly doubled: number;
  readonly inverted: number;
  /** Messages whose COMMIT was answered and that no reader has seen. */
  readonly forgotten: number;
  /** Rows in the log at the end. */
  readonly events: number;
  /** Commits of several units of work of a service at once. */
  readonly commitsTogether: number;
  readonly busy: number;
  readonly missed: number;
  readonly rolledBack: number;
  readonly killed: number;
  readonly seconds: number;
  readonly appendsPerSecond: number;
  /** From writing a message to a reader's receiving it, in milliseconds, over all readers. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** What the readers noticed first. */
  readonly faults: readonly string[];
}

const callersOfService = 8;

/**
 * The commit fence under fire: writers by themselves and by groups, that commit, roll back, roll back to savepoints, dawdle between append and
 * commit, write elsewhere first, and are killed; readers that must see every committed row once, and each stream's versions in order.
 * All of them stay through restarts of the server.
 */
export async function runFenceStress(options: StressOptions): Promise<StressReport> {
  const stress = new Stress(options);
  return stress.run();
}

class Stress {
  readonly #options: StressOptions;
  readonly #tally: StressTally = newTally();
  readonly #control: Pool;
  readonly #stop = new AbortController();
  readonly #written = new AbortController();
  #killed = 0;

  constructor(options: StressOptions) {
    const { url, clock } = options;
    this.#options = options;
    this.#control = openPool({ url, name: 'stress-control', clock, size: 2, waitMs: 5_000, maxWaiting: 10 });
  }

  async run(): Promise<StressReport> {
    try {
      return await this.#run();
    } finally {
      this.#stop.abort();
      this.#written.abort();
      void this.#control.close();
    }
  }

  async #run(): Promise<StressReport> {
    const { clock, writers, services, readers, signal } = this.#options;
    const kit = { ...this.#options, tally: this.#tally };
    const checks = Array.from({ length: readers }, () => readerCheck());
    const reading = checks.map((check, index) =>
      (index === 0 ? readByLog : readByHand)(kit, check, this.#written.signal),
    );
    const began = clock.monotonicMs();
    const databases = Array.from({ length: services }, () => this.#openService());
    const writing = [
      ...Array.from({ length: writers }, () => writeAlone(kit, this.#stop.signal)),
      ...databases.flatMap((db) =>
        Array.from({ length: callersOfService }, () => writeTogether(kit, db, this.#stop.signal)),
      ),
    ];
    const killing = this.#kill();
    await this.#untilOver(began, checks);
    this.#stop.abort();
    await Promise.all([...writing, killing]);
    const took = (clock.monotonicMs() - began) / 1_000;
    await Promise.all(databases.map((db) => db.close()));
    const isCancelled = signal?.aborted === true;
    const [end] = isCancelled ? [] : ((await this.#asked(inLog)).rows as unknown as readonly LogEnd[]);
    await this.#drain(checks, end?.last ?? 0);
    this.#written.abort();
    await Promise.all(reading);
    await this.#control.close();
    return this.#report(checks, end, took);
  }

  async #untilOver(began: number, checks: readonly ReaderCheck[]): Promise<void> {
    const { clock, seconds, events, stopAtFirstFault, observe, signal } = this.#options;
    let told = 0;
    for (;;) {
      const passed = (clock.monotonicMs() - began) / 1_000;
      const acknowledged = this.#tally.acknowledged.size;
      if (passed >= seconds && acknowledged >= events) return;
      if (Math.floor(passed) > told) {
        told = Math.floor(passed);
        observe?.({ seconds: told, acknowledged, killed: this.#killed });
      }
      if (!(await wait(clock, 50, signal))) return;
      if (stopAtFirstFault === true && checks.some((check) => check.faults.length > 0)) return;
    }
  }

  #report(checks: readonly ReaderCheck[], end: LogEnd | undefined, seconds: number): StressReport {
    const at = (share: number) =>
      percentile(
        checks.map((check) => check.latencies),
        share,
      );
    const sum = (pick: (check: ReaderCheck) => number) => checks.reduce((total, check) => total + pick(check), 0);
    const { rolledBack, busy, missed } = this.#tally;
    const { events = 0, together = 0 } = end ?? {};
    return {
      lost: sum((check) => Math.max(0, events - check.seen)),
      doubled: sum((check) => check.doubled),
      inverted: sum((check) => check.inverted),
      forgotten: this.#forgotten(checks),
      events,
      commitsTogether: together,
      busy,
      missed,
      rolledBack,
      killed: this.#killed,
      seconds,
      appendsPerSecond: events / seconds,
      latencyMs: { p50: at(0.5), p99: at(0.99) },
      faults: checks.flatMap((check) => check.faults).slice(0, 5),
    };
  }

  #forgotten(checks: readonly ReaderCheck[]): number {
    const { acknowledged, drawn } = this.#tally;
    let forgotten = 0;
    for (let number = 1; number <= drawn; number += 1) {
      if (acknowledged.has(number) && !checks.some(({ numbers }) => numbers.has(number))) forgotten += 1;
    }
    return forgotten;
  }

  #openService(): Database {
    const { url, clock, ids, random } = this.#options;
    const telemetry = silentTelemetry(ids);
    return openDatabase({
      url,
      service: writerNames.service,
      clock,
      ids,
      random,
      telemetry,
      poolSize: callersOfService,
    });
  }

  /** Gives the readers time to come to the end; what they have not seen by then is lost. */
  async #drain(checks: readonly ReaderCheck[], last: number): Promise<void> {
    const { clock } = this.#options;
    const until = clock.monotonicMs() + 10_000;
    while (checks.some((check) => check.position < last) && clock.monotonicMs() < until) await wait(clock, 20);
  }

  /** Asks until there is an answer. */
  async #asked(text: string): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await leased(this.#control, text, []);
      } catch (error) {
        if (tries === 20) throw error;
        await wait(this.#options.clock, 100);
      }
    }
  }

  async #kill(): Promise<void> {
    const { killEveryMs, clock, random } = this.#options;
    if (killEveryMs === 0) return;
    const names = Object.values(writerNames);
    while (await wait(clock, killEveryMs, this.#stop.signal)) {
      try {
        const { rows } = await leased(this.#control, sessionsOf, [names]);
        const pid = randomItem(random, rows)?.pid;
        if (pid === undefined) continue;
        await leased(this.#control, 'select pg_terminate_backend($1)', [pid]);
        this.#killed += 1;
      } catch {
        // The server is being restarted, which kills them all.
      }
    }
  }
}

interface LogEnd {
  readonly last: number;
  readonly events: number;
  readonly together: number;
}

const sessionsOf = `
  select pid from pg_stat_activity where application_name = any ($1) and datname = current_database() order by backend_start, pid`;

/** Units of work that were committed together have the transaction in common. */
const inLog = `
  select coalesce(max(last), 0) as last, coalesce(sum(many), 0)::bigint as events, count(*) filter (where units > 1) as together from (
    select max(pos) as last, count(*) as many, count(distinct data -> 'unit') filter (where (data -> 'isOfService')::boolean) as units
    from dure.log group by xmin::text) as t`;
