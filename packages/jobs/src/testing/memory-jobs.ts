import type { Clock } from '@dure/core';
import type { UnitOfWork } from '@dure/messaging';
import type { JobLease, JobRun, JobStore } from '../job-store.port.ts';

interface StoredRun {
  run: JobRun;
  owner: string | undefined;
  epoch: number;
  untilMs: number;
  retryAt: number;
  readonly order: number;
}

const lost = Symbol('lost');

/** Runs in memory; effects and progress are committed by the unit of work that is given. */
export function memoryJobs<Tx>(clock: Clock, unitOfWork: UnitOfWork<Tx>): JobStore<Tx> {
  const known = new Map<string, number>();
  const runs = new Map<string, StoredRun>();
  const held = ({ id, owner, epoch }: JobLease) => {
    const stored = runs.get(id);
    return stored?.owner === owner && stored.epoch === epoch && stored.run.state === 'running' ? stored : undefined;
  };
  const put = (run: Pick<JobRun, 'id' | 'job' | 'at' | 'args' | 'by'>) => {
    const fresh = { state: 'waiting', progress: undefined, chunks: 0, failures: 0, result: undefined } as const;
    const times = { error: undefined, startedAt: undefined, finishedAt: undefined };
    const idle = { owner: undefined, epoch: 0, untilMs: 0, retryAt: 0, order: runs.size };
    runs.set(run.id, { run: { ...run, ...fresh, ...times }, ...idle });
  };
  const isFree = ({ run: { state }, untilMs, retryAt }: StoredRun) =>
    (state === 'waiting' && retryAt <= clock.now()) || (state === 'running' && untilMs <= clock.now());
  const isBusy = ({ run: { state }, untilMs }: StoredRun) => state === 'running' && untilMs > clock.now();
  const change = (stored: StoredRun, to: Partial<JobRun>) => {
    stored.run = { ...stored.run, ...to };
  };
  const move = (id: string, from: readonly JobRun['state'][], to: Partial<JobRun>) => {
    const stored = runs.get(id);
    if (stored === undefined || !from.includes(stored.run.state)) return false;
    change(stored, to);
    Object.assign(stored, { owner: undefined, epoch: stored.epoch + 1, retryAt: 0 });
    return true;
  };
  return {
    async know(job) {
      if (!known.has(job)) known.set(job, clock.now());
      return known.get(job) ?? 0;
    },
    async addDue(job, at, id) {
      if (at <= (known.get(job) ?? 0)) return false;
      known.set(job, at);
      put({ id, job, at, args: {}, by: undefined });
      return true;
    },
    add: async (run) => put(run),
    async claim(jobs, owner, leaseMs) {
      const all = [...runs.values()].sort((a, b) => a.run.at - b.run.at || a.order - b.order);
      const free = all.find(
        (one) =>
          jobs.includes(one.run.job) &&
          isFree(one) &&
          !all.some((other) => other.run.job === one.run.job && isBusy(other)),
      );
      if (free === undefined) return undefined;
      Object.assign(free, { owner, epoch: free.epoch + 1, untilMs: clock.now() + leaseMs });
      change(free, { state: 'running', startedAt: free.run.startedAt ?? clock.now() });
      return { ...free.run, owner, epoch: free.epoch };
    },
    async renew(lease, leaseMs) {
      const stored = held(lease);
      if (stored !== undefined) stored.untilMs = clock.now() + leaseMs;
      return stored !== undefined;
    },
    async step(lease, leaseMs, call, chunk) {
      try {
        return await unitOfWork.uow(call, async (tx) => {
          const outcome = await chunk(tx);
          const stored = held(lease);
          if (stored === undefined) throw lost;
          const kept = JSON.parse(JSON.stringify(outcome)) as { more?: unknown; done?: unknown };
          change(stored, { chunks: stored.run.chunks + 1, failures: 0, error: undefined });
          if ('done' in outcome) change(stored, { state: 'done', result: kept.done, finishedAt: clock.now() });
          else change(stored, { progress: kept.more });
          stored.untilMs = clock.now() + leaseMs;
          return { kind: 'stepped', chunk: outcome } as const;
        });
      } catch (error) {
        if (error === lost) return { kind: 'lost' };
        throw error;
      }
    },
    async fail(lease, error, retryAt) {
      const stored = held(lease);
      if (stored === undefined) return;
      const failures = stored.run.failures + 1;
      const end =
        retryAt === undefined ? { state: 'failed' as const, finishedAt: clock.now() } : { state: 'waiting' as const };
      change(stored, { failures, error, ...end });
      Object.assign(stored, { owner: undefined, retryAt: retryAt ?? 0 });
    },
    async release(lease) {
      const stored = held(lease);
      if (stored === undefined) return;
      change(stored, { state: 'waiting' });
      stored.owner = undefined;
    },
    resume: async (id) => move(id, ['failed', 'stopped'], { state: 'waiting', failures: 0, finishedAt: undefined }),
    stop: async (id) => move(id, ['waiting', 'running'], { state: 'stopped', finishedAt: clock.now() }),
    find: async (id) => runs.get(id)?.run,
    list: async ({ job, limit }) =>
      [...runs.values()]
        .filter(({ run }) => job === undefined || run.job === job)
        .sort((a, b) => b.run.at - a.run.at || b.order - a.order)
        .slice(0, limit)
        .map(({ run }) => run),
  };
}
