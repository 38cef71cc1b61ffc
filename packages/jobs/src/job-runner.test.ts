import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { codeOf, ids, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { MemoryTx } from '@dure/messaging/testing';
import { memoryDatabase } from '@dure/messaging/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import type { Job, JobContext } from './job.ts';
import { job } from './job.ts';
import type { JobRunnerOptions } from './job-runner.ts';
import { jobRunner } from './job-runner.ts';
import { memoryJobs } from './testing/memory-jobs.ts';

function world() {
  const clock = fakeClock(Date.UTC(2026, 0, 1, 0, 0, 30));
  const own = ids(clock, seededRandom(1));
  const db = memoryDatabase({ service: 'test', clock, ids: own });
  const store = memoryJobs(clock, db);
  const telemetry = memoryTelemetry();
  const start = (jobs: readonly Job<MemoryTx>[], change: Partial<JobRunnerOptions<MemoryTx>> = {}) => {
    const runner = jobRunner<MemoryTx>({
      service: 'test',
      jobs,
      store,
      clock,
      ids: own,
      telemetry,
      random: seededRandom(2),
      leaseMs: 5_000,
      ...change,
    });
    runner.run();
    return runner;
  };
  const runs = () => store.list({ limit: 100 });
  return { clock, db, store, telemetry, start, runs };
}

/** Counts to ten, three at a time. */
const counting = job('count', {
  run: async ({ tx }: JobContext<MemoryTx>, from?: number) => {
    const to = Math.min((from ?? 0) + 3, 10);
    tx.set('count', [...((tx.get('count') ?? []) as number[]), to]);
    return to < 10 ? { more: to } : { done: { counted: to } };
  },
});

const everyMinute = (done: (at: number) => void) =>
  job('tick', {
    schedule: { cron: '* * * * *' },
    run: async ({ at }: JobContext<MemoryTx>) => {
      done(at);
      return { done: null };
    },
  });

test('a run that is asked for goes chunk by chunk to its end', async () => {
  const { clock, db, start, store } = world();
  await using runner = start([counting]);
  const { id } = await runner.ask('count', undefined, 'mina');
  for (let turn = 0; turn < 5; turn += 1) await clock.advance(1);
  const run = await store.find(id);
  assert.deepEqual([run?.state, run?.result, run?.chunks, run?.by], ['done', { counted: 10 }, 4, 'mina']);
  assert.deepEqual(db.values.get('count'), [3, 6, 9, 10]);
});

test('a job runs once for each moment of its schedule, over all processes, and not for those before it was known', async () => {
  const { clock, start, runs } = world();
  const done: number[] = [];
  const minute = everyMinute((at) => done.push(at));
  await using _ = start([minute]);
  await using __ = start([minute]);
  await clock.advance(150_000);
  const first = Date.UTC(2026, 0, 1, 0, 1);
  assert.deepEqual(done, [first, first + 60_000, first + 120_000]);
  assert.equal((await runs()).length, 3);
});

test('of the moments that passed while no process ran, the last is made up for', async () => {
  const { clock, start } = world();
  const done: number[] = [];
  const minute = everyMinute((at) => done.push(at));
  const before = start([minute]);
  await clock.advance(1_000);
  await before.close();
  await clock.advance(600_000);
  await using _ = start([minute]);
  await clock.advance(1_000);
  assert.deepEqual(done, [Date.UTC(2026, 0, 1, 0, 10)]);
});

test('a chunk that fails is tried again, ever later, and a run that fails for good can be resumed where it was', async () => {
  const { clock, start, store, telemetry } = world();
  let tries = 0;
  let isBroken = true;
  const fragile = job('fragile', {
    attempts: 3,
    run: async (_context: JobContext<MemoryTx>, from?: number) => {
      if ((from ?? 0) < 2) return { more: (from ?? 0) + 1 };
      tries += 1;
      if (isBroken) throw new TypeError('the disk is full');
      return { done: from };
    },
  });
  await using runner = start([fragile]);
  const { id } = await runner.ask('fragile', {}, 'mina');
  await clock.advance(60_000);
  const run = await store.find(id);
  assert.deepEqual([tries, run?.state, run?.error, run?.progress], [3, 'failed', 'the disk is full', 2]);
  assert.match(telemetry.lines.join('\n'), /a run of a job has failed/);
  isBroken = false;
  await runner.resume(id);
  for (let turn = 0; turn < 5; turn += 1) await clock.advance(1);
  assert.deepEqual((await store.find(id))?.result, 2);
});

test('a run goes on in another process when its own is closed, and when it is not heard of', async () => {
  const { clock, start, store, db } = world();
  const gate = Promise.withResolvers<void>();
  let isSlow = true;
  const slow = job('slow', {
    run: async ({ tx }: JobContext<MemoryTx>, from?: number) => {
      if (from === 1 && isSlow) await gate.promise;
      tx.set('at', from);
      return (from ?? 0) < 3 ? { more: (from ?? 0) + 1 } : { done: from };
    },
  });
  const frozen = start([slow], {
    store: { ...store, renew: () => new Promise(() => undefined) },
  });
  const { id } = await frozen.ask('slow', {}, 'mina');
  await clock.advance(100);
  isSlow = false;
  await using _ = start([slow]);
  await clock.advance(7_000);
  assert.equal((await store.find(id))?.state, 'done');
  gate.resolve();
  await clock.advance(100);
  assert.equal(db.values.get('at'), 3, 'what the frozen process had in hand is not committed');
  await frozen.close();
});

test('a run that is stopped ends before its next commit', async () => {
  const { clock, start, store } = world();
  const endless = job('endless', {
    run: async ({ call }: JobContext<MemoryTx>, from?: number) => {
      if (from === 2) await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      return { more: (from ?? 0) + 1 };
    },
  });
  await using runner = start([endless]);
  const { id } = await runner.ask('endless', {}, 'mina');
  await clock.advance(10);
  assert.equal((await runner.stop(id)).state, 'stopped');
  await clock.advance(10_000);
  assert.deepEqual([(await store.find(id))?.state, (await store.find(id))?.chunks], ['stopped', 2]);
  await assert.rejects(
    runner.stop(id),
    (error) => codeOf(error) === 'JOBS_RUN_STATE' && /is stopped/.test(String(error)),
  );
});

test('what cannot be asked for is refused at once', async () => {
  const { start, runs } = world();
  const args: Schema<unknown, { before: string }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { before?: unknown }).before === 'string'
          ? { value: value as { before: string } }
          : { issues: [{ message: 'expected string', path: ['before'] }] },
    },
  };
  await using runner = start([job('purge', { args, run: async () => ({ done: null }) })]);
  const fails = (code: string, text: RegExp) => (error: unknown) => codeOf(error) === code && text.test(String(error));
  await assert.rejects(runner.ask('purg', {}, 'mina'), fails('JOBS_UNKNOWN', /it has purge/));
  await assert.rejects(
    runner.ask('purge', {}, 'mina'),
    fails('JOBS_ARGUMENTS_INVALID', /args\.before: expected string/),
  );
  await assert.rejects(runner.resume('01930000-0000-7000-8000-000000000000'), fails('JOBS_RUN_UNKNOWN', /no run/));
  assert.deepEqual(await runs(), []);
});

test('jobs that cannot be looked after are told of and looked after again; closing ends everything', async () => {
  const { clock, start, store, telemetry } = world();
  let isDown = true;
  const claim: typeof store.claim = (...asked) =>
    isDown ? Promise.reject(new TypeError('no connection')) : store.claim(...asked);
  const runner = start([counting], { store: { ...store, claim } });
  await runner.ask('count', {}, 'mina');
  await clock.advance(10_000);
  assert.match(telemetry.lines.join('\n'), /cannot be looked after/);
  isDown = false;
  await clock.advance(30_000);
  assert.equal((await store.list({ limit: 1 }))[0]?.state, 'done');
  await runner.close();
  await runner.close();
  assert.equal(clock.pending, 0);
});
