import type { Call, Clock, Ids, Random } from '@dure/core';
import { check, messageOf, newTrace, plainOperation, startCall, systemRandom, wait } from '@dure/core';
import type { Counter, Telemetry } from '@dure/telemetry';
import { jobsErrors } from './errors.ts';
import type { Job } from './job.ts';
import type { JobLease, JobRun, JobStore } from './job-store.port.ts';

export interface JobRunnerOptions<Tx> {
  /** The service whose jobs they are. */
  readonly service: string;
  readonly jobs: readonly Job<Tx>[];
  readonly store: JobStore<Tx>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** The longest sleep between two looks at what is due, in milliseconds. Default 1 000. */
  readonly pollMs?: number;
  /** How long a run belongs to a process that gives no sign of life, in milliseconds. Default 15 000. */
  readonly leaseMs?: number;
  /** The longest time one chunk may take, in milliseconds. Default 300 000. */
  readonly chunkTimeoutMs?: number;
}

/** Runs the jobs of a service. */
export interface JobRunner extends AsyncDisposable {
  /** Begins to look for what is due; call once. */
  run(): void;
  /** Asks for a run now. JOBS_UNKNOWN, JOBS_ARGUMENTS_INVALID. */
  ask(job: string, args: unknown, by: string): Promise<JobRun>;
  /** JOBS_RUN_UNKNOWN. */
  find(id: string): Promise<JobRun>;
  /** Lets a run go on that has failed or was stopped: JOBS_RUN_UNKNOWN, JOBS_RUN_STATE. */
  resume(id: string): Promise<JobRun>;
  /** Stops a run: JOBS_RUN_UNKNOWN, JOBS_RUN_STATE. */
  stop(id: string): Promise<JobRun>;
  /** Leaves what runs to the other processes, after the chunks at hand (at most 2 s). Idempotent. */
  close(): Promise<void>;
}

/**
 * Runs jobs: those that are due by their schedule, and those that somebody asks for. Every process of a service may do so;
 * each run is worked on by one of them, chunk by chunk.
 *
 * @example
 * await using runner = jobRunner({ service: 'order', jobs: [rebuild], store, clock, ids, telemetry });
 * runner.run();
 */
export function jobRunner<Tx>(options: JobRunnerOptions<Tx>): JobRunner {
  return new Runner(options);
}

const closeGraceMs = 2_000;
const longestRetryMs = 300_000;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

class Runner<Tx> implements JobRunner {
  readonly #options: JobRunnerOptions<Tx>;
  readonly #jobs: ReadonlyMap<string, Job<Tx>>;
  readonly #owner: string;
  readonly #leaseMs: number;
  readonly #random: Random;
  readonly #count: Counter;
  /** For each scheduled job, after which moment its schedule counts. */
  readonly #after = new Map<string, number>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  #wake = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(options: JobRunnerOptions<Tx>) {
    this.#options = options;
    this.#jobs = new Map(options.jobs.map((one) => [one.name, one]));
    this.#owner = options.ids.uuid();
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#random = options.random ?? systemRandom;
    this.#count = options.telemetry.metrics.counter('job_runs', 'Runs of jobs that have ended, by job and outcome');
  }

  run(): void {
    this.#done = this.#look();
  }

  async ask(name: string, args: unknown, by: string): Promise<JobRun> {
    const { service, clock, ids, store } = this.#options;
    const found = this.#jobs.get(name);
    if (found === undefined) {
      throw jobsErrors.UNKNOWN(
        `${service} has no job "${name.slice(0, 100)}"; it has ${[...this.#jobs.keys()].join(', ') || 'none'}`,
        { details: { service, jobs: [...this.#jobs.keys()] } },
      );
    }
    argumentsOf(found, args ?? {});
    const id = ids.uuid();
    await store.add({ id, job: name, at: clock.now(), args: args ?? {}, by });
    this.#wake.abort();
    return this.find(id);
  }

  async find(id: string): Promise<JobRun> {
    const run = uuid.test(id) ? await this.#options.store.find(id) : undefined;
    if (run === undefined) throw jobsErrors.RUN_UNKNOWN(`there is no run of a job with the id "${id.slice(0, 100)}"`);
    return run;
  }

  async resume(id: string): Promise<JobRun> {
    return this.#steer(id, 'resume');
  }

  async stop(id: string): Promise<JobRun> {
    return this.#steer(id, 'stop');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    const timer = this.#options.clock.after(closeGraceMs, () => this.#cut.abort());
    await this.#done;
    await Promise.all(this.#working.values());
    timer.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #steer(id: string, how: 'resume' | 'stop'): Promise<JobRun> {
    const before = await this.find(id);
    if (!(await this.#options.store[how](id)))
      throw jobsErrors.RUN_STATE(`the run ${id} of the job "${before.job}" is ${before.state}`, {
        details: { id, state: before.state },
      });
    this.#wake.abort();
    return this.find(id);
  }

  async #look(): Promise<void> {
    const { clock, pollMs = 1_000, telemetry } = this.#options;
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let pauseMs = pollMs;
      try {
        pauseMs = Math.min(await this.#addDue(), pollMs);
        await this.#claimAll();
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = Math.min(pollMs * 2 ** failures, 30_000);
        if ((failures & (failures - 1)) === 0)
          telemetry.log.warn('the jobs cannot be looked after at the moment', { error });
      }
      if (!signal.aborted) await wait(clock, pauseMs, this.#wake.signal);
    }
  }

  /** Adds what is due by its schedule; of moments that were missed, the last. Milliseconds until the next. */
  async #addDue(): Promise<number> {
    const { store, clock, ids } = this.#options;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { name, periods } of this.#jobs.values()) {
      if (periods === undefined) continue;
      const after = this.#after.get(name) ?? (await store.know(name));
      const due = periods.latest(after, clock.now());
      if (due !== undefined) await store.addDue(name, due, ids.uuid());
      this.#after.set(name, due ?? after);
      nextMs = Math.min(nextMs, (periods.next(due ?? after) ?? Number.POSITIVE_INFINITY) - clock.now());
    }
    return Math.max(nextMs, 0);
  }

  async #claimAll(): Promise<void> {
    const { store } = this.#options;
    while (!this.#stop.signal.aborted) {
      const idle = [...this.#jobs.keys()].filter((name) => !this.#working.has(name));
      const lease = idle.length === 0 ? undefined : await store.claim(idle, this.#owner, this.#leaseMs);
      if (lease === undefined) return;
      const work = this.#work(lease).finally(() => {
        this.#working.delete(lease.job);
        this.#wake.abort();
      });
      this.#working.set(lease.job, work);
    }
  }

  /** Works on a run until it ends, is lost, fails or has to be left to others. */
  async #work(lease: JobLease): Promise<void> {
    const { store, telemetry } = this.#options;
    const lost = new AbortController();
    const renewal = this.#renew(lease, lost);
    let current = lease;
    try {
      while (!this.#stop.signal.aborted && !lost.signal.aborted) {
        const stepped = await this.#step(current, AbortSignal.any([this.#cut.signal, lost.signal]));
        if (stepped.kind === 'lost') return;
        if ('done' in stepped.chunk) {
          this.#ended(lease, 'done');
          return;
        }
        current = { ...current, progress: stepped.chunk.more, chunks: current.chunks + 1, failures: 0 };
      }
      if (!lost.signal.aborted) await store.release(current);
    } catch (error) {
      if (lost.signal.aborted) return;
      await this.#failed(current, error).catch((failure: unknown) =>
        telemetry.log.warn('a run of a job is left to whoever takes it up', { job: lease.job, error: failure }),
      );
    } finally {
      renewal.abort();
    }
  }

  #step(lease: JobLease, signal: AbortSignal) {
    const { store, telemetry } = this.#options;
    const { job, args, at, id, chunks } = lease;
    const found = this.#jobs.get(job) as Job<Tx>;
    const span = telemetry.startSpan(`job ${job}`, {
      kind: 'internal',
      attributes: { 'job.run': id, 'job.chunk': chunks },
    });
    const call = this.#call(job, signal).with({ trace: span.context });
    const checked = argumentsOf(found, args);
    return store
      .step(lease, this.#leaseMs, call, (tx) =>
        found.run({ tx, call, args: checked as never, at, log: telemetry.log }, (lease.progress ?? undefined) as never),
      )
      .catch((error: unknown) => {
        span.fail(error);
        throw error;
      })
      .finally(() => span.end());
  }

  #call(job: string, signal: AbortSignal): Call {
    const { service, clock, ids, chunkTimeoutMs = 300_000 } = this.#options;
    return startCall({
      operation: { ...plainOperation(service, job), timeoutMs: chunkTimeoutMs },
      trace: newTrace(ids),
      identity: { kind: 'service', subject: service, roles: [], scopes: [] },
      signal,
      deadline: clock.now() + chunkTimeoutMs,
    });
  }

  /** Renews the lease while a chunk takes long; aborts `lost` when another process has the run. */
  #renew(lease: JobLease, lost: AbortController): AbortController {
    const { store, clock } = this.#options;
    const ended = new AbortController();
    void (async () => {
      while (await wait(clock, this.#leaseMs / 3, ended.signal)) {
        const isHeld = await store.renew(lease, this.#leaseMs).catch(() => true);
        if (!isHeld && !ended.signal.aborted) lost.abort();
      }
    })();
    return ended;
  }

  async #failed(lease: JobLease, error: unknown): Promise<void> {
    const { store, clock, telemetry } = this.#options;
    const { job, id, failures } = lease;
    if (this.#stop.signal.aborted) return store.release(lease);
    const isLast = failures + 1 >= (this.#jobs.get(job)?.attempts ?? 1);
    const pauseMs = Math.min(1_000 * 2 ** failures, longestRetryMs) * (0.5 + this.#random.next() / 2);
    await store.fail(lease, messageOf(error), isLast ? undefined : clock.now() + pauseMs);
    if (isLast) this.#ended(lease, 'failed');
    const { log } = telemetry;
    const fields = { job, run: id, failures: failures + 1, error };
    if (isLast) log.error('a run of a job has failed; it can be resumed where it was', fields);
    else log.warn('a chunk of a job failed and is tried again', fields);
  }

  #ended({ job }: JobLease, outcome: string): void {
    this.#count.add(1, { job, outcome });
  }
}

/** The arguments as the job's schema makes them. JOBS_ARGUMENTS_INVALID. */
function argumentsOf({ name, args: schema }: Job<never>, given: unknown): unknown {
  if (schema === undefined) return given;
  const result = check(schema, given, 'args');
  if (result.ok) return result.value;
  const fields = result.errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  throw jobsErrors.ARGUMENTS_INVALID(`the job "${name}" cannot be run with these arguments: ${fields}`, {
    details: { job: name, errors: result.errors },
  });
}
