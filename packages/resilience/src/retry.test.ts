import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallChange, Handler } from '@dure/core';
import { DureError, plainOperation, Refusal, seededRandom, stack } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import fc from 'fast-check';
import { circuitBreakers } from './circuit-breakers.ts';
import type { RetryEvent } from './retry.ts';
import { retry } from './retry.ts';
import { retryBudget, retryBudgets } from './retry-budget.ts';
import { timeout } from './timeout.ts';

const read = { ...plainOperation('product', 'list'), idempotent: true };
const keyed = { ...plainOperation('order', 'place'), idempotent: 'key' as const };
const write = plainOperation('order', 'cancel');
const trouble = (details: Record<string, unknown> = {}, retryable = true) =>
  new DureError('TEST_TROUBLE', 'unavailable', 'trouble', { retryable, details });

function setup(options: { attempts?: number; failures?: number; error?: () => unknown; longestPauseMs?: number } = {}) {
  const clock = fakeClock();
  const calls: { at: number; call: Call }[] = [];
  const events: RetryEvent[] = [];
  const { attempts = 3, failures = Number.POSITIVE_INFINITY, error = trouble, longestPauseMs = 5_000 } = options;
  const handler: Handler<string, string> = async (input, call) => {
    calls.push({ at: clock.now() - fakeClock().now(), call });
    if (calls.length <= failures) throw error();
    return input;
  };
  const budget = retryBudgets({ clock });
  const observe = (event: RetryEvent) => void events.push(event);
  const run = retry<string, string>({
    clock,
    random: seededRandom(1),
    budget,
    attempts,
    longestPauseMs,
    observe,
  })(handler);
  const finish = async (change: CallChange) => {
    const outcome = run('x', testCall(change)).then(
      (value) => value,
      (thrown: unknown) => thrown,
    );
    await clock.advance(60_000);
    return outcome;
  };
  return { clock, calls, events, run, finish };
}

test('an idempotent operation is tried again until it succeeds, and each attempt knows its number', async () => {
  const { calls, finish } = setup({ failures: 2 });
  assert.equal(await finish({ operation: read }), 'x');
  assert.deepEqual(
    calls.map(({ call }) => call.attempt.number),
    [1, 2, 3],
  );
});

test('it gives up with the last error when the attempts are used up', async () => {
  const { calls, events, finish } = setup();
  assert.equal(((await finish({ operation: read })) as DureError).code, 'TEST_TROUBLE');
  assert.equal(calls.length, 3);
  assert.equal(events.at(-1)?.kind === 'gave-up' && events.at(-1)?.kind, 'gave-up');
});

test('an operation that is not idempotent is sent once, unless nothing was sent', async () => {
  assert.equal((await count({ operation: write })).length, 1);
  assert.equal((await count({ operation: keyed })).length, 1, 'keyed, but without a key');
  assert.equal((await count({ operation: keyed, idempotencyKey: 'k' })).length, 3);
  const unsent = setup({ error: () => trouble({ sent: false }) });
  await unsent.finish({ operation: write });
  assert.equal(unsent.calls.length, 3);
  async function count(change: CallChange) {
    const { calls, finish } = setup();
    await finish(change);
    return calls;
  }
});

test('refusals, defects and errors that are not retryable are never repeated', async () => {
  const refusal = () => new Refusal({ service: 's', operation: 'o', code: 'No', data: {}, status: 409 });
  for (const error of [refusal, () => new TypeError('defect'), () => trouble({}, false)]) {
    const { calls, finish } = setup({ error });
    await finish({ operation: read });
    assert.equal(calls.length, 1);
  }
});

test('the instances that failed are avoided by the next attempt', async () => {
  let made = 0;
  const { calls, finish } = setup({ error: () => trouble({ instance: `i${Math.min(++made, 2)}` }), attempts: 4 });
  await finish({ operation: read });
  assert.deepEqual(
    calls.map(({ call }) => call.attempt.tried),
    [[], ['i1'], ['i1', 'i2'], ['i1', 'i2']],
  );
});

test('an instance that timed out, or whose breaker is open, is avoided as well', async () => {
  const clock = fakeClock();
  const tried: (readonly string[])[] = [];
  const breakers = circuitBreakers({ clock, window: 1 });
  const layers = stack<string, string>(
    retry({ clock, random: seededRandom(1), budget: retryBudgets({ clock }), attempts: 4 }),
    (next) => (input, call) => {
      tried.push(call.attempt.tried);
      const target = { id: `i${call.attempt.tried.length}`, host: 'h', port: 1 };
      return next(input, call.with({ attempt: { ...call.attempt, target } }));
    },
    (next) => (input, call) => breakers.of(call.attempt.target?.id ?? '').layer<string, string>()(next)(input, call),
    timeout({ clock }),
  );
  const open = breakers.of('i0');
  open.report(open.acquire() ?? -1, 'failure');
  const answer = layers((input, call) =>
    call.attempt.target?.id === 'i1' ? new Promise(() => {}) : Promise.resolve(input),
  )('x', testCall({ operation: { ...read, timeoutMs: 100 } }));
  await clock.advance(5_000);
  assert.equal(await answer, 'x');
  assert.deepEqual(tried, [[], ['i0'], ['i0', 'i1']]);
});

test('retries of several hops do not multiply', async () => {
  const { calls, finish } = setup();
  await finish({ operation: read });
  assert.deepEqual(
    calls.map(({ call }) => call.attempt.budgetLeft),
    [2, 0, 0],
  );
  const second = setup();
  await second.finish({ operation: read, attempt: { number: 1, tried: [], budgetLeft: 2 } });
  assert.deepEqual(
    second.calls.map(({ call }) => call.attempt.budgetLeft),
    [1, 0, 0],
  );
  const limited = setup();
  await limited.finish({ operation: read, attempt: { number: 2, tried: ['i9'], budgetLeft: 0 } });
  assert.deepEqual(
    limited.calls.map(({ call }) => call.attempt),
    [{ number: 1, tried: [], budgetLeft: 0 }],
  );
});

test('a Retry-After is waited for, unless it is too long or beyond the deadline', async () => {
  const pausing = setup({ failures: 1, error: () => trouble({ retryAfterMs: 2_000 }) });
  assert.equal(await pausing.finish({ operation: read }), 'x');
  assert.equal(pausing.calls[1]?.at, 2_000);
  const tooLong = setup({ error: () => trouble({ retryAfterMs: 2_000 }), longestPauseMs: 1_000 });
  await tooLong.finish({ operation: read });
  assert.deepEqual(
    tooLong.events.map((event) => event.kind === 'gave-up' && event.why),
    ['pause'],
  );
  const late = setup({ error: () => trouble({ retryAfterMs: 2_000 }) });
  await late.finish({ operation: read, deadline: late.clock.now() + 2_000 });
  assert.deepEqual(
    late.events.map((event) => event.kind === 'gave-up' && event.why),
    ['deadline'],
  );
});

test('what was never sent to one instance is soon tried at another; anything else waits at least the base', async () => {
  const secondAt = async (details: Record<string, unknown>) => {
    const { calls, finish } = setup({ error: () => trouble(details) });
    await finish({ operation: read });
    const [first, second, third] = calls.map(({ at }) => at);
    assert.ok((third ?? 0) - (second ?? 0) >= 20, 'only the first retry hurries');
    return (second ?? 0) - (first ?? 0);
  };
  assert.ok((await secondAt({ sent: false, instance: 'a' })) < 20);
  assert.ok((await secondAt({ sent: false })) >= 20, 'a limit in this process would refuse it again');
  assert.ok((await secondAt({ instance: 'a' })) >= 20);
  assert.equal(await secondAt({ sent: false, instance: 'a', retryAfterMs: 500 }), 500);
});

test('a caller who leaves during the wait ends it at once', async () => {
  const { clock, calls, run } = setup({ error: () => trouble({ retryAfterMs: 2_000 }) });
  const caller = new AbortController();
  const answer = run('x', testCall({ operation: read, signal: caller.signal }));
  const rejected = assert.rejects(answer, { code: 'RESILIENCE_CANCELLED' });
  await clock.advance(10);
  caller.abort();
  await rejected;
  assert.equal(calls.length, 1);
  assert.equal(clock.pending, 0);
});

test('the budget allows ten retries a second and a fifth of the requests', async () => {
  const clock = fakeClock();
  const budget = retryBudget({ clock });
  const spend = () => {
    let spent = 0;
    while (budget.withdraw()) spent += 1;
    return spent;
  };
  assert.equal(spend(), 100, 'the reserve of a window');
  await clock.advance(10_000);
  for (let request = 0; request < 1_000; request += 1) budget.deposit();
  assert.equal(spend(), 300);
  await clock.advance(5_000);
  assert.equal(spend(), 0, 'what was spent counts as long as a request does');
});

test('the limits of budgets change while they run, for those in use and those to come', async () => {
  const clock = fakeClock();
  const budgets = retryBudgets({ clock });
  const spend = (service: string) => {
    let spent = 0;
    while (budgets(service).withdraw()) spent += 1;
    return spent;
  };
  assert.equal(spend('used'), 100);
  budgets.update({ perSecond: 12 });
  assert.equal(spend('used'), 20, 'what was spent stays spent');
  assert.throws(() => budgets.update({ perSecond: 1, ratio: 2 }), /`ratio` is 2, but must be from 0 to 1/);
  assert.equal(spend('new'), 120, 'a change that makes no sense changes nothing');
  budgets.update({ perSecond: undefined, windowMs: 1_000 });
  assert.deepEqual([spend('used'), spend('new')], [10, 10], 'another window begins empty');
});

test('over any traffic, retries stay within reserve and ratio', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('request', 'retry', 'tick'), { maxLength: 400 }), (steps) => {
      let now = 0;
      const budget = retryBudget({ clock: { ...fakeClock(), monotonicMs: () => now }, perSecond: 1, ratio: 0.5 });
      let [requests, retries] = [0, 0];
      for (const step of steps) {
        if (step === 'tick') now += 100;
        else if (step === 'request') {
          budget.deposit();
          requests += 1;
        } else if (budget.withdraw()) retries += 1;
      }
      const windows = 1 + now / 10_000;
      assert.ok(retries <= requests * 0.5 + 10 * (windows + 1));
    }),
  );
});

test('waits stay between base and cap and depend on the seed alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const clock = fakeClock();
      const delays: number[] = [];
      const run = retry<string, string>({
        clock,
        random: seededRandom(seed),
        budget: retryBudgets({ clock }),
        attempts: 8,
        baseMs: 10,
        capMs: 200,
        observe: (event) => void (event.kind === 'retrying' && delays.push(event.delayMs)),
      })(async () => Promise.reject(trouble()));
      const settled = run('x', testCall({ operation: read })).catch(() => {});
      await clock.advance(2_000);
      await settled;
      assert.equal(delays.length, 7);
      assert.ok(delays.every((delay) => delay >= 10 && delay <= 200));
    }),
    { numRuns: 30 },
  );
});
