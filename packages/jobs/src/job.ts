import type { Call, Schema } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { Periods, Schedule } from './schedule.ts';
import { periodsOf } from './schedule.ts';

/** What one chunk of a job is given. */
export interface JobContext<Tx = unknown, Args = unknown> {
  /** The transaction of this chunk; it also stores how far the job has come. */
  readonly tx: Tx;
  readonly call: Call;
  readonly args: Args;
  /** The moment the run is for, in epoch milliseconds: of its schedule, or when it was asked for. */
  readonly at: number;
  readonly log: Logger;
}

/** How a chunk ends: with where the next one goes on, or with what the whole run came to. Both are kept as JSON. */
export type Chunk<State> = { readonly more: State } | { readonly done: unknown };

export interface JobSpec<Tx, Args, State> {
  /** When it runs by itself, once for each moment however many processes there are. Default: only when it is asked for. */
  readonly schedule?: Schedule;
  /** What it takes when it is asked for. A run by schedule is given `{}`. */
  readonly args?: Schema<unknown, Args>;
  /** How often in a row a chunk may fail before the run has failed. Default 5. */
  readonly attempts?: number;
  /**
   * Does one chunk, in one transaction. The first gets undefined; a process that dies leaves its run to another, which goes on
   * after the last chunk that was committed.
   */
  readonly run: (context: JobContext<Tx, Args>, state: State | undefined) => Promise<Chunk<State>>;
}

/** A job, defined and listed by its service. */
export interface Job<Tx = never> {
  readonly kind: 'job';
  readonly name: string;
  readonly schedule: Schedule | undefined;
  readonly periods: Periods | undefined;
  readonly args: Schema<unknown, unknown> | undefined;
  readonly attempts: number;
  readonly run: (context: JobContext<Tx, never>, state: never) => Promise<Chunk<unknown>>;
}

/**
 * Defines a job. JOBS_SCHEDULE_INVALID when its schedule cannot be read.
 *
 * @example
 * export const rebuild = job('rebuild', {
 *   schedule: { cron: '15 3 * * *', zone: 'Asia/Seoul' },
 *   run: async ({ tx }: JobContext<Tx<Tables>>, after: string | undefined) => {
 *     const ids = await rebuildNext(tx, after, 500);
 *     return ids.length < 500 ? { done: null } : { more: ids.at(-1) };
 *   },
 * });
 */
export function job<Tx, Args, State>(name: string, spec: JobSpec<Tx, Args, State>): Job<Tx> {
  return {
    kind: 'job',
    name,
    schedule: spec.schedule,
    periods: spec.schedule === undefined ? undefined : periodsOf(name, spec.schedule),
    args: spec.args,
    attempts: spec.attempts ?? 5,
    run: spec.run as Job<Tx>['run'],
  };
}
