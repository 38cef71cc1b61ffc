import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler } from '@dure/core';
import { DureError, isDureError, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { BreakerEvent } from './breaker-events.ts';
import type { CircuitBreakerOptions } from './circuit-breaker.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { circuitBreakers } from './circuit-breakers.ts';

function setup(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = fakeClock();
  const events: BreakerEvent[] = [];
  const observe = (event: BreakerEvent) => void events.push(event);
  const breaker = circuitBreaker({ clock, name: 'b', window: 4, minimumCalls: 4, ...options, observe });
  const run = (handler: Handler<string, string>, signal?: AbortSignal) =>
    breaker.call(handler, 'x', testCall(signal === undefined ? {} : { signal }));
  const fail = (error: unknown) => run(() => Promise.reject(error)).catch(() => undefined);
  return { clock, events, breaker, run, fail, kinds: () => events.map(({ kind }) => kind) };
}

test('ignored errors count nothing and are told; recorded ones count, the others are successes', async () => {
  const { breaker, fail, kinds } = setup({
    ignored: (error) => error instanceof SyntaxError,
    recorded: (error) => error instanceof TypeError,
  });
  await fail(new SyntaxError('ignored'));
  assert.equal(breaker.snapshot().calls, 0);
  await fail(new RangeError('neither'));
  assert.deepEqual([breaker.snapshot().calls, breaker.snapshot().failed], [1, 0]);
  await fail(new TypeError('recorded'));
  assert.deepEqual([breaker.snapshot().calls, breaker.snapshot().failed], [2, 1]);
  assert.deepEqual(kinds(), ['ignored', 'failed']);
});

test('an output can be a failure', async () => {
  const { breaker, run } = setup({ failedOutput: (output) => output === 'busy' });
  for (const output of ['fine', 'fine', 'busy', 'busy']) assert.equal(await run(async () => output), output);
  assert.equal(breaker.state, 'open');
});

test('a predicate that throws costs no permit', async () => {
  const broken = () => {
    throw new TypeError('predicate');
  };
  const { clock, breaker, run, fail } = setup({ failedOutput: broken, ignored: broken, halfOpenCalls: 1 });
  breaker.switchTo('open');
  await clock.advance(2_000);
  for (let probe = 0; probe < 5; probe += 1) {
    await assert.rejects(
      run(async () => 'x'),
      /predicate/,
    );
    await fail(new TypeError('x'));
  }
  assert.equal(breaker.state, 'half-open');
  assert.equal(breaker.permits, true);
});

test('a probe whose caller leaves gives its permit back at once, though its work goes on', async () => {
  const { clock, breaker, run } = setup({ halfOpenCalls: 1 });
  breaker.switchTo('open');
  await clock.advance(2_000);
  const caller = new AbortController();
  const deaf = run(async (input) => {
    await wait(clock, 1_000);
    return input;
  }, caller.signal);
  assert.equal(breaker.permits, false);
  caller.abort();
  assert.equal(breaker.permits, true);
  await clock.advance(1_000);
  assert.equal(await deaf, 'x');
  assert.equal(breaker.state, 'half-open', 'its late success is not counted as well');
});

// Regression: who asked for `permits` first never asked for a permit, and so never let the breaker out of half-open.
test('lost probes do not keep away for ever who only calls what permits', async () => {
  const { clock, breaker, run } = setup({ halfOpenCalls: 1, halfOpenMs: 500 });
  breaker.switchTo('open');
  await clock.advance(2_000);
  assert.notEqual(breaker.acquire(), undefined);
  await clock.advance(499);
  assert.equal(breaker.permits, false);
  let refused = 0;
  for (let second = 0; second < 10; second += 1) {
    await clock.advance(1_000);
    if (!breaker.permits) continue;
    await run(async (input) => input).catch(() => {
      refused += 1;
    });
  }
  assert.deepEqual([breaker.state, refused], ['closed', 1]);
});

test('slow calls are timed by the clock', async () => {
  const { clock, breaker, run } = setup({ slowCallMs: 100 });
  for (const ms of [100, 101, 200, 300]) {
    const answer = run(async (input) => {
      await wait(clock, ms);
      return input;
    });
    await clock.advance(ms);
    await answer;
  }
  assert.deepEqual([breaker.snapshot().slow, breaker.snapshot().state], [3, 'closed']);
  const last = run(async (input) => {
    await wait(clock, 500);
    return input;
  });
  await clock.advance(500);
  await last;
  assert.equal(breaker.state, 'open', 'all four of the last calls');
});

test('metrics only tells once of each threshold that is exceeded', async () => {
  const { breaker, fail, kinds } = setup();
  breaker.switchTo('metrics-only');
  for (let call = 0; call < 10; call += 1) await fail(new DureError('X', 'unavailable', 'x'));
  assert.deepEqual(
    kinds().filter((kind) => kind !== 'failed'),
    ['switched', 'exceeded'],
  );
});

test('forced open says that somebody did it', async () => {
  const { breaker, run } = setup();
  breaker.switchTo('forced-open');
  await assert.rejects(
    run(async () => 'x'),
    {
      code: 'RESILIENCE_BREAKER_OPEN',
      message: 'the circuit breaker of "b" is forced-open; somebody switched it so, and must switch it back',
    },
  );
});

test('who is refused learns how long it stays open, if that is known', async () => {
  const { clock, breaker, run } = setup({ halfOpenCalls: 1 });
  const openForMs = async () => {
    const error: unknown = await run(async (input) => input).catch((thrown: unknown) => thrown);
    return isDureError(error) ? error.details.openForMs : 'an answer';
  };
  breaker.switchTo('open');
  await clock.advance(1_500);
  assert.equal(await openForMs(), 500);
  await clock.advance(500);
  assert.notEqual(breaker.acquire(), undefined);
  assert.equal(await openForMs(), undefined, 'probes are under way');
  breaker.switchTo('forced-open');
  assert.equal(await openForMs(), undefined);
});

test('limits change while running: counts stay unless the window changes, wrong limits change nothing', async () => {
  const { clock, breaker, fail } = setup();
  const down = new DureError('X', 'unavailable', 'x');
  for (let call = 0; call < 3; call += 1) await fail(down);
  breaker.update({ minimumCalls: 2, openMs: 50 });
  assert.equal(breaker.snapshot().calls, 3);
  await fail(down);
  assert.equal(breaker.state, 'open');
  await clock.advance(50);
  assert.equal(breaker.permits, true);
  breaker.switchTo('closed');
  await fail(down);
  breaker.update({ windowMs: 1_000 });
  assert.equal(breaker.snapshot().calls, 0);
  assert.throws(() => breaker.update({ window: 5, windowMs: 5 }), {
    code: 'RESILIENCE_OPTION_INVALID',
    message: 'circuitBreaker: `windowMs` is 5, but must be given only without `window`: a window has a count or a time',
  });
  assert.throws(() => breaker.update({ failureRatio: 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.throws(() => breaker.update({ openMsFor: () => 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
  await fail(down);
  assert.equal(breaker.snapshot().calls, 1);
});

test('another number of probes begins the probing afresh', async () => {
  const { clock, breaker } = setup({ halfOpenCalls: 1 });
  breaker.switchTo('open');
  await clock.advance(2_000);
  const old = breaker.acquire();
  breaker.update({ halfOpenCalls: 2 });
  breaker.report(old ?? -1, 'failure');
  assert.equal(breaker.state, 'half-open');
  assert.ok(breaker.acquire() !== undefined && breaker.acquire() !== undefined);
  assert.equal(breaker.acquire(), undefined);
});

test('limits of breakers by key reach those that are, and those that come', () => {
  const breakers = circuitBreakers({ clock: fakeClock(), window: 10 });
  const one = breakers.of('one');
  breakers.update({ failureRatio: 0.25 });
  assert.equal(one.snapshot().failureLimit, 0.25);
  assert.equal(breakers.of('two').snapshot().failureLimit, 0.25);
  assert.throws(() => breakers.update({ minimumCalls: 11 }), { code: 'RESILIENCE_OPTION_INVALID' });
  assert.equal(breakers.of('three').snapshot().failureLimit, 0.25);
  assert.deepEqual(
    breakers.all().map(({ name }) => name),
    ['one', 'two', 'three'],
  );
});
