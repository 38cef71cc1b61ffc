import type { Call } from '@dure/core';
import { ownCall } from '@dure/core';
import type { Chunk, JobLease, JobRun, JobState, JobStore, Stepped } from '@dure/jobs';
import type { Answer } from '../connection.ts';
import { sqlStateOf } from '../sql-state.ts';
import type { Tx } from '../transaction.ts';
import type { UnitKit } from '../unit-kit.ts';
import { runUnit } from '../unit-of-work.ts';

/** The state of a chunk's transaction whose run was lost; see `dure.step_job`. */
const runLost = 'DU004';
const held = `id = $1 and owner = $2 and epoch = $3 and state = 'running'`;

/** Jobs and their runs in the service's database. */
export function postgresJobStore(kit: UnitKit): JobStore<Tx> {
  return new PostgresJobStore(kit);
}

class PostgresJobStore implements JobStore<Tx> {
  readonly #kit: UnitKit;

  constructor(kit: UnitKit) {
    this.#kit = kit;
  }

  async know(job: string): Promise<number> {
    const { rows } = await this.#run('know', 'select dure.know_job($1) as after', [job]);
    return rows[0]?.after as number;
  }

  async addDue(job: string, at: number, id: string): Promise<boolean> {
    const text = 'select dure.add_due_run($1, to_timestamp($2::float8 / 1000), $3) as added';
    return (await this.#run('add-due', text, [job, at, id])).rows[0]?.added === true;
  }

  async add({ id, job, at, args, by }: Parameters<JobStore<Tx>['add']>[0]): Promise<void> {
    await this.#run('know', 'select dure.know_job($1) as after', [job]);
    await this.#run(
      'add',
      'insert into dure.job_run (id, job, at, args, by) values ($1, $2, to_timestamp($3::float8 / 1000), $4, $5)',
      [id, job, at, JSON.stringify(args ?? null), by],
    );
  }

  async claim(jobs: readonly string[], owner: string, leaseMs: number): Promise<JobLease | undefined> {
    const values = [jobs, owner, milliseconds(leaseMs)];
    const { rows } = await this.#run('claim', 'select * from dure.claim_job($1, $2, $3)', values);
    const row = rows[0] as unknown as JobRow | undefined;
    return row === undefined ? undefined : { ...runOf(row), owner: row.owner ?? owner, epoch: row.epoch };
  }

  async renew({ id, owner, epoch }: JobLease, leaseMs: number): Promise<boolean> {
    const text = `update dure.job_run set until = dure.now() + $4::interval where ${held}`;
    return (await this.#run('renew', text, [id, owner, epoch, milliseconds(leaseMs)])).rowCount === 1;
  }

  async step(
    { id, owner, epoch }: JobLease,
    leaseMs: number,
    call: Call,
    chunk: (tx: Tx) => Promise<Chunk<unknown>>,
  ): Promise<Stepped> {
    try {
      return await runUnit<Stepped & { readonly kind: 'stepped' }>(this.#kit, call, {
        name: `job ${call.operation.name}`,
        decide: () => undefined,
        work: async (tx) => ({ kind: 'stepped', chunk: await chunk(tx) }),
        closing: ({ chunk: outcome }) => {
          const value = 'done' in outcome ? outcome.done : outcome.more;
          const json = JSON.stringify(value ?? null);
          const values = [id, owner, epoch, milliseconds(leaseMs), 'done' in outcome, json];
          return [{ text: 'select dure.step_job($1, $2, $3, $4, $5, $6)', values, name: 'dure.job-step' }];
        },
      });
    } catch (error) {
      if (sqlStateOf(error) === runLost) return { kind: 'lost' };
      throw error;
    }
  }

  async fail({ id, owner, epoch }: JobLease, error: string, retryAt: number | undefined): Promise<void> {
    await this.#run(
      'fail',
      `update dure.job_run set failures = failures + 1, error = $4, owner = null, until = '-infinity',
        state = case when $5::float8 is null then 'failed' else 'waiting' end,
        finished_at = case when $5::float8 is null then dure.now() end,
        retry_at = coalesce(to_timestamp($5::float8 / 1000), '-infinity')
      where ${held}`,
      [id, owner, epoch, error, retryAt ?? null],
    );
  }

  async release({ id, owner, epoch }: JobLease): Promise<void> {
    const text = `update dure.job_run set state = 'waiting', owner = null, until = '-infinity' where ${held}`;
    await this.#run('release', text, [id, owner, epoch]);
  }

  resume(id: string): Promise<boolean> {
    return this.#move(id, ['failed', 'stopped'], `state = 'waiting', failures = 0, finished_at = null`);
  }

  stop(id: string): Promise<boolean> {
    return this.#move(id, ['waiting', 'running'], `state = 'stopped', finished_at = dure.now()`);
  }

  async find(id: string): Promise<JobRun | undefined> {
    const { rows } = await this.#run('find', 'select * from dure.job_run where id = $1', [id]);
    return rows[0] === undefined ? undefined : runOf(rows[0] as unknown as JobRow);
  }

  async list({ job, limit }: { readonly job?: string; readonly limit: number }): Promise<readonly JobRun[]> {
    const text = `select * from dure.job_run where $1::text is null or job = $1 order by at desc, n desc limit $2`;
    const { rows } = await this.#run('list', text, [job ?? null, limit]);
    return (rows as unknown as readonly JobRow[]).map(runOf);
  }

  async #move(id: string, from: readonly JobState[], change: string): Promise<boolean> {
    const idle = `owner = null, epoch = epoch + 1, until = '-infinity', retry_at = '-infinity'`;
    const text = `update dure.job_run set ${change}, ${idle} where id = $1 and state = any($2)`;
    return (await this.#run(`move-${from[0]}`, text, [id, from])).rowCount === 1;
  }

  /** One statement, in a transaction that goes by the service's clock. */
  #run(what: string, text: string, values: readonly unknown[]): Promise<Answer> {
    const { service, ids } = this.#kit;
    return runUnit<Answer>(this.#kit, ownCall(service, `jobs: ${what}`, ids), {
      name: 'jobs',
      decide: () => undefined,
      work: (_tx, { local }) => local.query(text, values, `dure.job-${what}`),
    });
  }
}

const milliseconds = (ms: number) => `${ms} milliseconds`;

interface JobRow {
  readonly id: string;
  readonly job: string;
  readonly state: JobState;
  readonly at: number;
  readonly by: string | null;
  readonly args: unknown;
  readonly progress: unknown;
  readonly chunks: number;
  readonly result: unknown;
  readonly error: string | null;
  readonly failures: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly owner: string | null;
  readonly epoch: number;
}

function runOf(row: JobRow): JobRun {
  const { id, job, state, at, args, chunks, failures } = row;
  return {
    ...{ id, job, state, at, args, chunks, failures },
    by: row.by ?? undefined,
    progress: row.progress ?? undefined,
    result: row.result ?? undefined,
    error: row.error ?? undefined,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
  };
}
