import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Handler } from '@dure/core';
import { plainOperation, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { timeout } from './timeout.ts';

const operation = { ...plainOperation('inventory', 'reserve'), timeoutMs: 100 };

function setup() {
  const clock = fakeClock();
  const seen: Call[] = [];
  const takes =
    (ms: number): Handler<string, string> =>
    async (input, call) => {
      seen.push(call);
      await wait(clock, ms);
      return input;
    };
  const signalled: Handler<string, string> = async (input, call) => {
    seen.push(call);
    await wait(clock, 1_000, call.signal);
    call.signal.throwIfAborted();
    return input;
  };
  return { clock, seen, takes, signalled, layer: timeout<string, string>({ clock }) };
}

test('an attempt that takes longer than the operation allows times out', async () => {
  const { clock, layer, takes } = setup();
  const answer = layer(takes(200))('x', testCall({ operation }));
  const rejected = assert.rejects(answer, {
    code: 'RESILIENCE_TIMEOUT',
    retryable: true,
    message: 'inventory.reserve: no answer within 100 ms (attempt 1)',
  });
  await clock.advance(100);
  await rejected;
});

test('an attempt that is cut short by the deadline says so and is not retryable', async () => {
  const { clock, layer, takes } = setup();
  const answer = layer(takes(200))('x', testCall({ operation, deadline: clock.now() + 40 }));
  const rejected = assert.rejects(answer, { code: 'RESILIENCE_DEADLINE_EXCEEDED', retryable: false });
  await clock.advance(40);
  await rejected;
});

test('a caller who leaves is told apart from a timeout, at once', async () => {
  const { clock, layer, signalled } = setup();
  const caller = new AbortController();
  const answer = layer(signalled)('x', testCall({ operation, signal: caller.signal }));
  const rejected = assert.rejects(answer, { code: 'RESILIENCE_CANCELLED', kind: 'cancelled' });
  caller.abort();
  await rejected;
  assert.equal(clock.now(), fakeClock().now(), 'no time passed');
});

test('what is inside learns of the timeout by its signal, also after with()', async () => {
  const { clock, layer, seen, takes } = setup();
  const answer = layer((input, call) => takes(200)(input, call.with({ idempotencyKey: 'k' })))(
    'x',
    testCall({ operation }),
  );
  const rejected = assert.rejects(answer);
  const signal = seen[0]?.signal;
  assert.equal(signal?.aborted, false);
  await clock.advance(100);
  await rejected;
  assert.equal(signal?.aborted, true);
  assert.equal(signal?.reason.code, 'RESILIENCE_TIMEOUT');
});

test('a signal that is first asked for after the timeout is aborted already', async () => {
  const { clock, layer, seen, takes } = setup();
  const rejected = assert.rejects(layer(takes(200))('x', testCall({ operation })));
  await clock.advance(100);
  await rejected;
  assert.equal(seen[0]?.signal.aborted, true);
});

test('what is inside sees the shorter of deadline and timeout as its deadline', async () => {
  const { clock, layer, seen, takes } = setup();
  const answers = [layer(takes(1))('x', testCall({ operation }))];
  await clock.advance(1);
  await Promise.all(answers);
  assert.equal(seen[0]?.deadline, fakeClock().now() + 100);
});

test('many attempts share one timer, and each ends at its own time', async () => {
  const { clock, layer, takes } = setup();
  const outcomes: string[] = [];
  const run = (timeoutMs: number) =>
    layer(takes(10_000))('x', testCall({ operation: { ...operation, timeoutMs } })).catch(() =>
      outcomes.push(`${timeoutMs} at ${clock.now() - fakeClock().now()}`),
    );
  const all = [run(300), run(100), run(200), run(100)];
  assert.equal(clock.pending, 4 + 1, 'four handlers wait, and one timer');
  await clock.advance(300);
  await Promise.all(all);
  assert.deepEqual(outcomes, ['100 at 100', '100 at 100', '200 at 200', '300 at 300']);
});

test('the outcome of an attempt in time is passed on, whether good, bad or thrown at once', async () => {
  const { clock, layer } = setup();
  const late: unknown[] = [];
  const observed = timeout<string, string>({ clock, observe: (event) => late.push(event) });
  assert.equal(await layer(async () => 'good')('x', testCall({ operation })), 'good');
  await assert.rejects(observed(async () => Promise.reject(new TypeError('bad')))('x', testCall({ operation })), /bad/);
  const throwing: Handler<string, string> = () => {
    throw new TypeError('at once');
  };
  await assert.rejects(observed(throwing)('x', testCall({ operation })), /at once/);
  await clock.advance(1_000);
  assert.deepEqual(late, []);
  assert.equal(clock.pending, 0);
});

test('who follows the call is told once, by the timeout or by a caller who leaves; who follows no longer, or too late, never or at once', async () => {
  const { clock, layer } = setup();
  const told: string[] = [];
  const inside: Handler<string, string> = async (input, call) => {
    const gone = () => void told.push('gone');
    call.follow(() => void told.push(`first ${input}`));
    call.follow(gone);
    call.with({ deadline: 0 }).follow(() => void told.push(`second ${input}`));
    call.unfollow(gone);
    await wait(clock, 1_000);
    call.follow(() => void told.push(`late ${input}`));
    return input;
  };
  const caller = new AbortController();
  const timedOut = assert.rejects(layer(inside)('timeout', testCall({ operation })), { code: 'RESILIENCE_TIMEOUT' });
  const left = assert.rejects(layer(inside)('left', testCall({ operation, signal: caller.signal })), {
    code: 'RESILIENCE_CANCELLED',
  });
  caller.abort();
  await left;
  await clock.advance(1_000);
  await timedOut;
  assert.deepEqual(told.sort(), [
    'first left',
    'first timeout',
    'late left',
    'late timeout',
    'second left',
    'second timeout',
  ]);
});
