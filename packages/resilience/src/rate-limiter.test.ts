import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import fc from 'fast-check';
import type { RateLimiterEvent, RateLimits } from './rate-limiter.ts';
import { rateLimiter } from './rate-limiter.ts';

function setup(limits: RateLimits) {
  const clock = fakeClock();
  const events: RateLimiterEvent[] = [];
  const limiter = rateLimiter({ clock, name: 'sms', ...limits, observe: (event) => void events.push(event) });
  const began: number[] = [];
  const run = limiter.layer<string, string>()(async (input) => {
    began.push(clock.monotonicMs());
    return input;
  });
  return { clock, limiter, events, began, run };
}

test('a token bucket lets a burst through and then goes at its rate', async () => {
  const { clock, limiter } = setup({ perSecond: 10, burst: 3 });
  assert.deepEqual([limiter.take(), limiter.take(), limiter.take(), limiter.take()], [0, 0, 0, 100]);
  await clock.advance(100);
  assert.deepEqual([limiter.take(), limiter.take()], [0, 100]);
  await clock.advance(10_000);
  assert.equal(limiter.snapshot().left, 3, 'a pause saves up no more than the burst');
});

test('a refused call says when to come again, and sends nothing', async () => {
  const { run, began, events } = setup({ perSecond: 2, burst: 1 });
  await run('a', testCall());
  await assert.rejects(run('b', testCall()), {
    code: 'RESILIENCE_RATE_LIMITED',
    kind: 'limited',
    message: 'the call: the rate limit "sms" is used up; try again in 500 ms',
    details: { name: 'sms', retryAfterMs: 500, sent: false },
  });
  assert.equal(began.length, 1);
  assert.deepEqual(events, [{ kind: 'rate-limited', name: 'sms', retryAfterMs: 500 }]);
});

test('calls that may wait go at the rate, in order, by one timer', async () => {
  const { clock, run, began } = setup({ perSecond: 10, burst: 1, queue: 10 });
  const all = ['a', 'b', 'c', 'd'].map((name) => run(name, testCall()));
  assert.ok(clock.pending <= 2, 'one for the rate and one for the waits');
  await clock.advance(300);
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
  assert.deepEqual(began, [0, 100, 200, 300]);
});

test('a call is not let wait for what it cannot get in time', async () => {
  const { run } = setup({ perSecond: 1, burst: 1, queue: 10, waitMs: 500 });
  await run('a', testCall());
  await assert.rejects(run('b', testCall()), { code: 'RESILIENCE_RATE_LIMITED' });
});

test('who leaves while waiting has taken nothing: the next one goes in its place', async () => {
  const { clock, run, began } = setup({ perSecond: 10, burst: 1, queue: 10 });
  await run('a', testCall());
  const caller = new AbortController();
  const left = assert.rejects(run('b', testCall({ signal: caller.signal })), { code: 'RESILIENCE_CANCELLED' });
  const next = run('c', testCall());
  await clock.advance(50);
  caller.abort();
  await left;
  await clock.advance(50);
  assert.equal(await next, 'c');
  assert.deepEqual(began, [0, 100]);
});

test('calls weigh what their cost says', async () => {
  const clock = fakeClock();
  const limiter = rateLimiter({ clock, name: 'api', perSecond: 10, burst: 10, cost: (call) => call.operation.cost });
  const run = limiter.layer<string, string>()(async (input) => input);
  const heavy = testCall({ operation: { ...testCall().operation, cost: 8 } });
  await run('a', heavy);
  await assert.rejects(run('b', heavy), { code: 'RESILIENCE_RATE_LIMITED' });
  await assert.rejects(run('c', testCall({ operation: { ...heavy.operation, cost: 11 } })), {
    code: 'RESILIENCE_OPTION_INVALID',
    message: 'rateLimiter: `cost` is 11, but must be a whole number from 1 to 10',
  });
});

test('limits change while running; another rate begins full, and wrong ones change nothing', async () => {
  const { clock, limiter, run } = setup({ perSecond: 1, burst: 1, queue: 1, waitMs: 1_000 });
  await run('a', testCall());
  const waiting = run('b', testCall());
  limiter.update({ limit: 5, windowMs: 1_000 });
  assert.equal(await waiting, 'b');
  assert.equal(limiter.snapshot().left, 4);
  assert.throws(() => limiter.update({ limit: 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.throws(() => limiter.update({ perSecond: 1, limit: 1 }), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.equal(limiter.snapshot().left, 4);
  await clock.advance(1_000);
  assert.equal(limiter.snapshot().left, 5);
  limiter.update({ perSecond: 2, burst: 1 });
  limiter.update({ burst: 2 });
  assert.deepEqual([limiter.take(), limiter.take(), limiter.take()], [0, 0, 500], 'the rate is kept');
});

test('closing refuses what waits and what comes', async () => {
  const { limiter, run } = setup({ perSecond: 1, burst: 1, queue: 1 });
  await run('a', testCall());
  const waiting = assert.rejects(run('b', testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
  limiter.close();
  await waiting;
  await assert.rejects(run('c', testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
});

test('a sliding window never lets more through in any window, whatever the traffic', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 20 }),
    fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300, size: 'max' }),
    (limit, gaps) => {
      let now = 0;
      const clock = { ...fakeClock(), monotonicMs: () => now };
      const limiter = rateLimiter({ clock, name: 'w', limit, windowMs: 1_000 });
      const taken: number[] = [];
      for (const gap of gaps) {
        now += gap;
        if (limiter.take() === 0) taken.push(now);
        else assert.ok(taken.filter((at) => at > now - 1_000).length === limit, 'it refuses only when it must');
        assert.ok(taken.filter((at) => at > now - 1_000).length <= limit);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('over a million decisions at window edges and in between, neither lets more than 1 % too many through', () => {
  const random = seededRandom(7);
  for (const limits of [
    { perSecond: 1_000, burst: 100 },
    { limit: 1_000, windowMs: 1_000 },
  ]) {
    let now = 0;
    const limiter = rateLimiter({ clock: { ...fakeClock(), monotonicMs: () => now }, name: 'x', ...limits });
    let taken = 0;
    for (let decision = 0; decision < 500_000; decision += 1) {
      now += random.next() < 0.00005 ? 1_000 - (now % 1_000) : random.next() * 0.4;
      if (limiter.take() === 0) taken += 1;
    }
    const allowed = now + ('burst' in limits ? 100 : 1_000);
    assert.ok(taken <= allowed * 1.01, `${taken} of at most ${allowed}`);
    assert.ok(taken >= now * 0.8);
  }
});
