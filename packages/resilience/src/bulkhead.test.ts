import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler } from '@dure/core';
import { stack, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { BulkheadEvent, BulkheadLimits } from './bulkhead.ts';
import { bulkhead } from './bulkhead.ts';
import { timeout } from './timeout.ts';

function setup(limits: BulkheadLimits = { most: 2, queue: 2 }) {
  const clock = fakeClock();
  const events: BulkheadEvent[] = [];
  const guard = bulkhead({ clock, name: 'reports', ...limits, observe: (event) => void events.push(event) });
  let atOnce = 0;
  let most = 0;
  const order: string[] = [];
  const work: Handler<string, string> = async (input) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    order.push(input);
    await wait(clock, 100);
    atOnce -= 1;
    return input;
  };
  return { clock, events, guard, work, order, most: () => most, run: guard.layer<string, string>()(work) };
}

test('no more calls than allowed are under way, the others go in order of arrival', async () => {
  const { clock, run, order, most, guard } = setup();
  const all = ['a', 'b', 'c', 'd'].map((name) => run(name, testCall()));
  assert.deepEqual(guard.snapshot(), { name: 'reports', running: 2, waiting: 2, most: 2, queue: 2 });
  await clock.advance(200);
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
  assert.equal(most(), 2);
  assert.equal(guard.snapshot().running, 0);
});

test('beyond the queue a call is refused at once, by name and numbers', async () => {
  const { clock, run, events } = setup({ most: 1, queue: 1 });
  const all = [run('a', testCall()), run('b', testCall())];
  await assert.rejects(run('c', testCall()), {
    code: 'RESILIENCE_BULKHEAD_FULL',
    retryable: true,
    message: 'the call: the bulkhead "reports" has its 1 calls under way; 1 more may wait, and do',
  });
  await clock.advance(200);
  await Promise.all(all);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['bulkhead-queued', 'bulkhead-full'],
  );
});

test('who waits too long is refused, and its place in the line is free again', async () => {
  const { clock, run, guard } = setup({ most: 1, queue: 1, waitMs: 50 });
  const first = run('a', testCall());
  const late = assert.rejects(run('b', testCall()), { code: 'RESILIENCE_BULKHEAD_FULL', message: /within 50 ms/ });
  await clock.advance(50);
  await late;
  assert.equal(guard.snapshot().waiting, 0);
  await clock.advance(50);
  await first;
});

test('who leaves while waiting leaves at once; a deadline that passes says so', async () => {
  const { clock, run, guard } = setup({ most: 1, queue: 5 });
  const first = run('a', testCall());
  const caller = new AbortController();
  const left = assert.rejects(run('b', testCall({ signal: caller.signal })), { code: 'RESILIENCE_CANCELLED' });
  const late = assert.rejects(run('c', testCall({ deadline: clock.now() + 10 })), {
    code: 'RESILIENCE_DEADLINE_EXCEEDED',
  });
  caller.abort();
  await left;
  await clock.advance(10);
  await late;
  assert.equal(guard.snapshot().waiting, 0);
  await clock.advance(100);
  await first;
});

// Guards against opossum's slot that is free at the timeout: capacity 5 reached 50 real calls.
test('a call that nobody waits for any more keeps its place until its work has ended', async () => {
  const { clock, guard, work, most } = setup({ most: 1 });
  const run = stack<string, string>(timeout({ clock, limitMs: 10 }), guard.layer())(work);
  const timedOut = assert.rejects(run('a', testCall()), { code: 'RESILIENCE_TIMEOUT' });
  await clock.advance(10);
  await timedOut;
  await assert.rejects(run('b', testCall()), { code: 'RESILIENCE_BULKHEAD_FULL' });
  await clock.advance(90);
  const after = run('c', testCall());
  await clock.advance(100);
  await assert.rejects(after, { code: 'RESILIENCE_TIMEOUT' });
  assert.equal(most(), 1);
  assert.equal(guard.snapshot().running, 0);
});

test('a handler that throws at once gives its place back', async () => {
  const { guard } = setup({ most: 1 });
  const failing: Handler<string, string> = () => {
    throw new TypeError('at once');
  };
  for (let call = 0; call < 3; call += 1)
    await assert.rejects(guard.layer<string, string>()(failing)('x', testCall()), /at once/);
  assert.equal(guard.snapshot().running, 0);
});

test('more places let those that wait go on at once; fewer end nothing', async () => {
  const { clock, run, guard } = setup({ most: 1, queue: 5 });
  const all = ['a', 'b', 'c'].map((name) => run(name, testCall()));
  guard.update({ most: 3 });
  assert.equal(guard.snapshot().running, 3);
  guard.update({ most: 1, queue: 0 });
  assert.equal(guard.snapshot().running, 3);
  await clock.advance(100);
  await Promise.all(all);
  assert.throws(() => guard.update({ most: 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.equal(guard.snapshot().most, 1);
});

test('closing refuses what waits and what comes, and lets what is under way end', async () => {
  const { clock, run, guard } = setup({ most: 1, queue: 5 });
  const first = run('a', testCall());
  const waiting = assert.rejects(run('b', testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
  guard.close();
  guard.close();
  await waiting;
  await assert.rejects(run('c', testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
  await clock.advance(100);
  assert.equal(await first, 'a');
});
