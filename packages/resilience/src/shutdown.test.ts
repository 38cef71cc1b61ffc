import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler, Layer } from '@dure/core';
import { codeOf, plainOperation, seededRandom, stack, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { bulkhead } from './bulkhead.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { hedge } from './hedge.ts';
import { retry } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { shutdown } from './shutdown.ts';
import { singleFlight } from './single-flight.ts';
import { timeout } from './timeout.ts';

const operation = { ...plainOperation('inventory', 'get'), idempotent: true, timeoutMs: 100 };

function setup(...inner: Layer<string, string>[]) {
  const clock = fakeClock();
  const stopping = new AbortController();
  const caller = new AbortController();
  const reasons: unknown[] = [];
  const obeys: Handler<string, string> = async (input, call) => {
    await wait(clock, 10_000, call.signal);
    if (call.signal.aborted) reasons.push(codeOf(call.signal.reason));
    call.signal.throwIfAborted();
    return input;
  };
  const run = stack<string, string>(shutdown(stopping.signal), ...inner, timeout({ clock }))(obeys);
  const outcome = () => run('x', testCall({ operation, signal: caller.signal })).catch(codeOf);
  return { clock, stopping, caller, reasons, outcome };
}

test("a caller's abort, a timeout and a shutdown are three outcomes, each at once, inside and outside", async () => {
  const left = setup();
  const first = left.outcome();
  left.caller.abort();
  assert.equal(await first, 'RESILIENCE_CANCELLED');
  const late = setup();
  const second = late.outcome();
  await late.clock.advance(100);
  assert.equal(await second, 'RESILIENCE_TIMEOUT');
  assert.deepEqual(late.reasons, ['RESILIENCE_TIMEOUT']);
  const stopped = setup();
  const third = stopped.outcome();
  stopped.stopping.abort();
  assert.equal(await third, 'RESILIENCE_SHUT_DOWN');
  await stopped.clock.advance(0);
  assert.deepEqual(stopped.reasons, ['RESILIENCE_SHUT_DOWN']);
  assert.equal(await stopped.outcome(), 'RESILIENCE_SHUT_DOWN', 'what comes later is refused as well');
});

test('the three stay apart through every other layer', async () => {
  for (const expected of ['RESILIENCE_CANCELLED', 'RESILIENCE_SHUT_DOWN', 'RESILIENCE_TIMEOUT']) {
    const clock = fakeClock();
    const budget = retryBudgets({ clock });
    const breaker = circuitBreaker({ clock, name: 'b' });
    const places = bulkhead({ clock, name: 'p' });
    const made = setup(
      singleFlight({ clock, key: (input) => input }),
      retry({ clock, random: seededRandom(1), budget, attempts: 1 }),
      hedge({ clock, budget }),
      breaker.layer(),
      places.layer(),
    );
    const outcome = made.outcome();
    if (expected === 'RESILIENCE_CANCELLED') made.caller.abort();
    else if (expected === 'RESILIENCE_SHUT_DOWN') made.stopping.abort();
    else await made.clock.advance(100);
    assert.equal(await outcome, expected);
    await made.clock.advance(0);
    assert.equal(places.snapshot().running, 0);
    assert.equal(breaker.snapshot().failed, expected === 'RESILIENCE_TIMEOUT' ? 1 : 0);
  }
});

test('a timeout further out counts as a failure, a caller who left does not', async () => {
  const clock = fakeClock();
  const breaker = circuitBreaker({ clock, name: 'b' });
  const run = stack<string, string>(
    timeout({ clock }),
    breaker.layer(),
  )(async (input, call) => {
    await wait(clock, 10_000, call.signal);
    call.signal.throwIfAborted();
    return input;
  });
  const late = assert.rejects(run('x', testCall({ operation })), { code: 'RESILIENCE_TIMEOUT' });
  await clock.advance(100);
  await late;
  assert.equal(breaker.snapshot().failed, 1);
  const caller = new AbortController();
  const left = assert.rejects(run('x', testCall({ operation, signal: caller.signal })));
  caller.abort();
  await left;
  await clock.advance(0);
  assert.equal(breaker.snapshot().calls, 1);
});
