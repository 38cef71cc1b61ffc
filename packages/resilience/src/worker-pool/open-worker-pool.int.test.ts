import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock as clock, stack, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Task } from '../fixtures/tasks.worker.ts';
import { timeout } from '../timeout.ts';
import type { WorkerPoolLimits, WorkerPoolOptions } from './open-worker-pool.ts';
import { openWorkerPool } from './open-worker-pool.ts';
import { serveTasks } from './serve-tasks.ts';
import type { WorkerPoolEvent } from './worker-pool-event.ts';

const open = (limits: WorkerPoolLimits & Pick<WorkerPoolOptions, 'observe'>) =>
  openWorkerPool<Task, unknown>({
    clock,
    name: 'sums',
    file: new URL('../fixtures/tasks.worker.ts', import.meta.url),
    ...limits,
  });

async function until(condition: () => boolean): Promise<void> {
  for (let look = 0; look < 500 && !condition(); look += 1) await wait(clock, 10);
  assert.ok(condition(), 'it did not come about within 5 s');
}

test('tasks run in threads, which are started when needed and used again', async () => {
  await using pool = open({ workers: 2 });
  assert.equal(pool.snapshot().threads, 0);
  const answers = await Promise.all([10, 20, 15].map((of) => pool.run({ do: 'fibonacci', of }, testCall())));
  assert.deepEqual(answers, [55, 6_765, 610]);
  assert.equal(pool.snapshot().threads, 2);
  assert.equal(pool.snapshot().running, 0);
});

test('the event loop goes on while a thread works', async () => {
  await using pool = open({ workers: 1 });
  await pool.run({ do: 'fibonacci', of: 1 }, testCall());
  let isDone = false;
  const sum = pool.run({ do: 'fibonacci', of: 32 }, testCall()).then(() => {
    isDone = true;
  });
  await wait(clock, 1);
  assert.equal(isDone, false);
  await sum;
});

test('a task that runs into its timeout is ended with its thread, and its place is free again', async () => {
  await using pool = open({ workers: 1, queue: 0 });
  const run = stack<Task, unknown>(timeout({ clock, limitMs: 300 }))(pool.run);
  await assert.rejects(run({ do: 'hang' }, testCall()), { code: 'RESILIENCE_TIMEOUT' });
  await until(() => pool.snapshot().running === 0);
  assert.equal(await pool.run({ do: 'fibonacci', of: 10 }, testCall()), 55);
});

test('a caller who leaves is told apart, whether the task runs or waits', async () => {
  const events: WorkerPoolEvent[] = [];
  await using pool = open({ workers: 1, queue: 1, observe: (event) => void events.push(event) });
  const [first, second] = [new AbortController(), new AbortController()];
  const running = assert.rejects(pool.run({ do: 'hang' }, testCall({ signal: first.signal })), {
    code: 'RESILIENCE_CANCELLED',
  });
  const waiting = assert.rejects(pool.run({ do: 'hang' }, testCall({ signal: second.signal })), {
    code: 'RESILIENCE_CANCELLED',
  });
  await assert.rejects(pool.run({ do: 'hang' }, testCall()), { code: 'RESILIENCE_POOL_FULL' });
  second.abort();
  await waiting;
  first.abort();
  await running;
  assert.deepEqual(
    events.map((event) => (event.kind === 'worker-ended' ? event.reason : event.kind)),
    ['worker-started', 'pool-full', 'RESILIENCE_CANCELLED'],
  );
});

test('an error in a task comes through: a known one as itself, another with its message', async () => {
  await using pool = open({ workers: 1 });
  await assert.rejects(pool.run({ do: 'throw' }, testCall()), {
    code: 'RESILIENCE_TASK_FAILED',
    message: 'a task of "sums" failed: no such colour',
  });
  await assert.rejects(pool.run({ do: 'throw known' }, testCall()), {
    code: 'TEST_KNOWN',
    kind: 'conflict',
    details: { thing: 1 },
  });
  await assert.rejects(pool.run({ do: 'answer a function' }, testCall()), { code: 'RESILIENCE_TASK_FAILED' });
  const unsendable = (() => 1) as unknown as Task;
  await assert.rejects(pool.run(unsendable, testCall()), {
    code: 'RESILIENCE_TASK_FAILED',
    message: /its input cannot be sent/,
  });
  assert.equal(pool.snapshot().threads, 1, 'the thread lives on');
});

test('a thread that ends in the middle of a task is an error of that task only', async () => {
  await using pool = open({ workers: 1 });
  await assert.rejects(pool.run({ do: 'exit' }, testCall()), { code: 'RESILIENCE_WORKER_DIED', message: /status 3/ });
  await until(() => pool.snapshot().running === 0);
  assert.equal(await pool.run({ do: 'fibonacci', of: 10 }, testCall()), 55);
  await using missing = openWorkerPool({ clock, name: 'none', file: new URL('file:///nowhere.ts') });
  await assert.rejects(missing.run(1, testCall()), { code: 'RESILIENCE_WORKER_DIED' });
});

test('closing ends what runs and refuses what waits and what comes', async () => {
  const pool = open({ workers: 1 });
  const both = [1, 2].map(() => assert.rejects(pool.run({ do: 'hang' }, testCall()), { code: 'RESILIENCE_SHUT_DOWN' }));
  await wait(clock, 20);
  await pool.close();
  await Promise.all(both);
  await assert.rejects(pool.run({ do: 'hang' }, testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
  await pool.close();
});

test('fewer threads are enough from now on', async () => {
  await using pool = open({ workers: 2 });
  await Promise.all([20, 20].map((of) => pool.run({ do: 'fibonacci', of }, testCall())));
  pool.update({ workers: 1 });
  assert.equal(pool.snapshot().threads, 1);
  assert.throws(() => pool.update({ workers: 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
});

test('a file for threads says so when it is run as a program', () => {
  assert.throws(() => serveTasks(() => undefined), { code: 'RESILIENCE_OPTION_INVALID' });
});
