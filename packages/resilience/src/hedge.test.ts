import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Handler, Layer } from '@dure/core';
import { DureError, plainOperation, Refusal, stack, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { HedgeEvent } from './hedge.ts';
import { hedge } from './hedge.ts';
import { retryBudgets } from './retry-budget.ts';

const read = { ...plainOperation('product', 'get'), idempotent: true };

/** Each call of the handler takes the next plan: how long, and what then. */
function setup(options: { perSecond?: number } = {}) {
  const clock = fakeClock();
  const events: HedgeEvent[] = [];
  const seen: Call[] = [];
  const plans: { ms: number; error?: unknown }[] = [];
  const handler: Handler<string, string> = async (_, call) => {
    const place = seen.push(call);
    const { ms, error } = plans.shift() ?? { ms: 10 };
    if (!(await wait(clock, ms, call.signal))) throw call.signal.reason;
    if (error !== undefined) throw error;
    return `answer ${place}`;
  };
  const layer = hedge<string, string>({
    clock,
    budget: retryBudgets({ clock, perSecond: options.perSecond ?? 10 }),
    leastAnswers: 50,
    observe: (event) => void events.push(event),
  });
  const run = layer(handler);
  const learn = async (ms: number) => {
    for (let call = 0; call < 50; call += 1) {
      plans.push({ ms });
      const answer = run('x', testCall({ operation: read }));
      await clock.advance(ms);
      await answer;
    }
    seen.length = 0;
  };
  return { clock, events, seen, plans, run, learn, layer, handler };
}

test('a second attempt goes out at the observed p95, the first answer counts, and the other is cancelled', async () => {
  const { clock, events, seen, plans, run, learn } = setup();
  await learn(20);
  plans.push({ ms: 1_000 }, { ms: 10 });
  const answer = run('x', testCall({ operation: read }));
  await clock.advance(18);
  assert.equal(seen.length, 1);
  await clock.advance(4);
  assert.equal(seen.length, 2, 'between 19 and 21 ms: within five per cent of what was seen');
  await clock.advance(10);
  assert.equal(await answer, 'answer 2');
  assert.equal(seen[0]?.signal.aborted, true);
  assert.equal(seen[1]?.signal.aborted, false);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['hedged', 'hedge-won'],
  );
  assert.equal(seen[1]?.attempt.budgetLeft, 0, 'below a hedge nothing is retried');
});

test('nothing is hedged before enough was seen, nor what must not be repeated, nor where no retry is allowed', async () => {
  const { clock, seen, plans, run, learn } = setup();
  const slow = async (call: Call) => {
    plans.push({ ms: 1_000 });
    seen.length = 0;
    const answer = run('x', call);
    await clock.advance(1_000);
    await answer;
    return seen.length;
  };
  assert.equal(await slow(testCall({ operation: read })), 1, 'nothing known');
  await learn(20);
  assert.equal(await slow(testCall({ operation: plainOperation('product', 'get') })), 1, 'not idempotent');
  const attempt = { number: 1, tried: [], budgetLeft: 0 };
  assert.equal(await slow(testCall({ operation: read, attempt })), 1, 'the callers allow no retry');
  assert.equal(await slow(testCall({ operation: read })), 2);
});

test('when one attempt fails the other is waited for; when both fail the first error counts', async () => {
  const { clock, plans, run, learn } = setup();
  await learn(20);
  const trouble = (name: string) => new DureError(name, 'unavailable', name);
  plans.push({ ms: 30, error: trouble('FIRST') }, { ms: 100 });
  const recovered = run('x', testCall({ operation: read }));
  await clock.advance(200);
  assert.match(await recovered, /answer/);
  plans.push({ ms: 30, error: trouble('FIRST') }, { ms: 100, error: trouble('SECOND') });
  const failed = assert.rejects(run('x', testCall({ operation: read })), { code: 'FIRST' });
  await clock.advance(200);
  await failed;
});

test('a refusal is an answer, and a failure before the hedge is for the retry to judge', async () => {
  const { clock, seen, plans, run, learn } = setup();
  await learn(20);
  const refusal = new Refusal({ service: 's', operation: 'o', code: 'No', data: {}, status: 409 });
  plans.push({ ms: 30, error: refusal }, { ms: 1_000 });
  const refused = assert.rejects(run('x', testCall({ operation: read })), { code: 'No' });
  await clock.advance(30);
  await refused;
  seen.length = 0;
  plans.push({ ms: 5, error: new DureError('X', 'unavailable', 'x') });
  const failed = assert.rejects(run('x', testCall({ operation: read })), { code: 'X' });
  await clock.advance(1_000);
  await failed;
  assert.equal(seen.length, 1);
});

test('hedges stay within the budget that retries use as well', async () => {
  const { clock, events, plans, run, learn } = setup({ perSecond: 0 });
  await learn(20);
  events.length = 0;
  for (let call = 0; call < 100; call += 1) {
    plans.push({ ms: 100 });
    if (call === 0) plans.push({ ms: 100 });
    const answer = run('x', testCall({ operation: read }));
    await clock.advance(200);
    await answer;
  }
  const hedged = events.filter(({ kind }) => kind === 'hedged').length;
  assert.ok(hedged >= 1 && hedged <= 30, `${hedged} hedges of 150 calls`);
  assert.ok(events.some(({ kind }) => kind === 'hedge-denied'));
});

test('a caller who leaves ends both attempts', async () => {
  const { clock, seen, plans, run, learn } = setup();
  await learn(20);
  plans.push({ ms: 1_000 }, { ms: 1_000 });
  const caller = new AbortController();
  const left = assert.rejects(run('x', testCall({ operation: read, signal: caller.signal })));
  await clock.advance(50);
  caller.abort();
  await left;
  assert.deepEqual(
    seen.map(({ signal }) => signal.aborted),
    [true, true],
  );
});

test('the shortest and the longest wait before a hedge change while running', async () => {
  const { clock, seen, plans, run, learn, layer } = setup();
  await learn(20);
  layer.update({ leastMs: 50 });
  plans.push({ ms: 200 });
  const answer = run('x', testCall({ operation: read }));
  await clock.advance(49);
  assert.equal(seen.length, 1);
  await clock.advance(1);
  assert.equal(seen.length, 2);
  await clock.advance(300);
  await answer;
  assert.throws(() => layer.update({ mostMs: 10 }), { code: 'RESILIENCE_OPTION_INVALID' });
});

test('the second attempt goes to another instance than the first', async () => {
  const { clock, plans, learn, layer, handler, seen } = setup();
  const balanced: Layer<string, string> = (next) => (input, call) => {
    const id = ['a', 'b', 'c'].find((instance) => !call.attempt.tried.includes(instance)) ?? '?';
    return next(input, call.with({ attempt: { ...call.attempt, target: { id, host: 'h', port: 1 } } }));
  };
  await learn(20);
  const run = stack<string, string>(layer, balanced, layer.target)(handler);
  plans.push({ ms: 1_000 }, { ms: 10 });
  const answer = run('x', testCall({ operation: read, attempt: { number: 2, tried: ['a'] } }));
  await clock.advance(100);
  await answer;
  assert.deepEqual(
    seen.map(({ attempt }) => [attempt.target?.id, attempt.tried]),
    [
      ['b', ['a']],
      ['c', ['a', 'b']],
    ],
  );
});
