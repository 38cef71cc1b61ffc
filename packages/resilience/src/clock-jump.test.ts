import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler } from '@dure/core';
import { plainOperation, seededRandom, stack, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { circuitBreaker } from './circuit-breaker.ts';
import { deadline } from './deadline.ts';
import { retry } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { timeout } from './timeout.ts';

/** What ADR 0005 promises of deadlines, which are wall time, and of everything else, which is not. */
const hourMs = 3_600_000;
const operation = { ...plainOperation('inventory', 'reserve'), timeoutMs: 100, idempotent: true };

function setup() {
  const clock = fakeClock();
  const takes: Handler<number, number> = async (ms, call) => {
    await wait(clock, ms, call.signal);
    call.signal.throwIfAborted();
    return ms;
  };
  const breaker = circuitBreaker({ clock, name: 'inventory' });
  const layers = stack<number, number>(
    deadline({ clock, defaultMs: 250 }),
    retry({ clock, random: seededRandom(1), budget: retryBudgets({ clock }), attempts: 2 }),
    breaker.layer(),
    timeout({ clock }),
  );
  return { clock, breaker, send: (ms: number) => layers(takes)(ms, testCall({ operation })) };
}

for (const [name, byMs] of [
  ['forward', hourMs],
  ['back', -hourMs],
] as const) {
  test(`a call that waits for its answer gets it when wall time jumps ${name}, and so do those that begin afterwards`, async () => {
    const { clock, breaker, send } = setup();
    const waiting = Promise.all(Array.from({ length: 50 }, () => send(50)));
    await clock.advance(20);
    clock.jump(byMs);
    const begun = send(50);
    await clock.advance(50);
    assert.deepEqual(await waiting, Array(50).fill(50));
    assert.equal(await begun, 50);
    assert.equal(breaker.state, 'closed');
  });

  test(`a call that gets no answer ends in time when wall time jumps ${name}`, async () => {
    const { clock, send } = setup();
    const rejected = assert.rejects(send(10_000), { code: 'RESILIENCE_TIMEOUT' });
    await clock.advance(50);
    clock.jump(byMs);
    await clock.advance(250);
    await rejected;
  });
}
