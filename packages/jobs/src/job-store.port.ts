import type { Call } from '@dure/core';
import type { Chunk } from './job.ts';

/** `waiting` for a process or for another try; `stopped` by an operator. */
export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped';

/** One run of a job. Times are epoch milliseconds. */
export interface JobRun {
  readonly id: string;
  readonly job: string;
  readonly state: JobState;
  /** The moment it is for. */
  readonly at: number;
  /** Who asked for it; undefined when its schedule did. */
  readonly by: string | undefined;
  readonly args: unknown;
  /** What the last chunk that was committed left for the next. */
  readonly progress: unknown;
  /** How many chunks were committed. */
  readonly chunks: number;
  readonly result: unknown;
  readonly error: string | undefined;
  /** Tries in a row that have failed. */
  readonly failures: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

/** A run that one process works on, until another has taken it over. */
export interface JobLease extends JobRun {
  readonly owner: string;
  readonly epoch: number;
}

/** What became of a chunk. `lost`: another process has the run, or it was stopped; nothing was committed. */
export type Stepped = { readonly kind: 'lost' } | { readonly kind: 'stepped'; readonly chunk: Chunk<unknown> };

/** The jobs of a service and their runs; in the database that their effects are in. */
export interface JobStore<Tx> {
  /** Makes a job known and says after which moment its schedule counts: that at which it became known, or its last run's. */
  know(job: string): Promise<number>;
  /** Adds a run for a moment of the schedule; false when there is one for it already, or for a later one. */
  addDue(job: string, at: number, id: string): Promise<boolean>;
  /** Adds a run that somebody asks for. */
  add(run: Pick<JobRun, 'id' | 'job' | 'at' | 'args'> & { readonly by: string }): Promise<void>;
  /** Takes the oldest run of these jobs that nobody works on; of each job, one run at a time. */
  claim(jobs: readonly string[], owner: string, leaseMs: number): Promise<JobLease | undefined>;
  /** False when the run is lost. */
  renew(lease: JobLease, leaseMs: number): Promise<boolean>;
  /** Runs a chunk and stores how far it came in one transaction, which also renews the lease. */
  step(lease: JobLease, leaseMs: number, call: Call, chunk: (tx: Tx) => Promise<Chunk<unknown>>): Promise<Stepped>;
  /** Notes a failure: the run is tried again at `retryAt`, or has failed. */
  fail(lease: JobLease, error: string, retryAt: number | undefined): Promise<void>;
  /** Leaves the run to others at once. */
  release(lease: JobLease): Promise<void>;
  /** Lets a run that has failed or was stopped go on where it was; false when it is in another state. */
  resume(id: string): Promise<boolean>;
  /** Stops a run that waits or runs, before its next commit; false when it is in another state. */
  stop(id: string): Promise<boolean>;
  find(id: string): Promise<JobRun | undefined>;
  /** The latest runs, the latest first. */
  list(filter: { readonly job?: string; readonly limit: number }): Promise<readonly JobRun[]>;
}
