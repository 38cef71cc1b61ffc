import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Layer } from '@dure/core';
import { seededRandom, wait } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { bulkhead } from './bulkhead.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { guard } from './guard.ts';
import { hedge } from './hedge.ts';
import { retry } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { timeout } from './timeout.ts';

test('any async function can be guarded, and its types come through', async () => {
  const clock = fakeClock();
  let calls = 0;
  const readStock = guard(
    { name: 'stock', idempotent: true, timeoutMs: 50 },
    async (sku: string) => {
      calls += 1;
      if (calls < 3) throw new TypeError('socket hang up');
      return { sku, left: 3 };
    },
    retry({ clock, random: seededRandom(1), budget: retryBudgets({ clock }), when: () => true }),
    circuitBreaker({ clock, name: 'stock' }).layer(),
    timeout({ clock }),
    bulkhead({ clock, name: 'stock' }).layer(),
  );
  const answer: Promise<{ sku: string; left: number }> = readStock('A-1');
  await clock.advance(5_000);
  assert.deepEqual(await answer, { sku: 'A-1', left: 3 });
  assert.equal(calls, 3);
});

test('a guarded function is not repeated unless it says that it may be', async () => {
  const clock = fakeClock();
  let calls = 0;
  const charge = guard(
    { name: 'charge', idempotent: 'key' },
    async () => {
      calls += 1;
      throw new TypeError('socket hang up');
    },
    retry({ clock, random: seededRandom(1), budget: retryBudgets({ clock }), when: () => true }),
  );
  await assert.rejects(charge(undefined));
  assert.equal(calls, 1);
  const keyed = assert.rejects(charge(undefined, { idempotencyKey: 'k' }));
  await clock.advance(5_000);
  await keyed;
  assert.equal(calls, 4);
});

// Regression: guards without a service all had the one budget of the service ''.
test('guards without a service have a budget each, for retries and for hedges; with one they share it', async () => {
  const clock = fakeClock();
  const budgets = retryBudgets({ clock, ratio: 0, perSecond: 0.001, windowMs: 1_000_000 });
  const sentBy = async (name: string, layer: Layer<undefined, string>, service?: string) => {
    let sent = 0;
    const ask = guard(
      { name, idempotent: true, ...(service === undefined ? {} : { service }) },
      async (_: undefined): Promise<string> => {
        sent += 1;
        await wait(clock, 50);
        throw new TypeError('socket hang up');
      },
      layer,
    );
    const failed = assert.rejects(ask(undefined));
    await clock.advance(5_000);
    await failed;
    return sent;
  };
  const retries = retry<undefined, string>({ clock, random: seededRandom(1), budget: budgets, when: () => true });
  assert.deepEqual([await sentBy('a', retries), await sentBy('a', retries), await sentBy('b', retries)], [2, 1, 2]);
  assert.deepEqual([await sentBy('c', retries, 's'), await sentBy('d', retries, 's')], [2, 1]);
  const hedged = async (name: string) => {
    const hedges = hedge<number, number>({ clock, budget: budgets, leastAnswers: 1 });
    let sent = 0;
    const ask = guard(
      { name, idempotent: true },
      async (ms: number) => {
        sent += 1;
        await wait(clock, ms);
        return ms;
      },
      hedges,
    );
    const answers = Promise.all([ask(1), ask(1)]);
    await clock.advance(10);
    await answers;
    const slow = ask(1_000);
    await clock.advance(2_000);
    await slow;
    return sent - 2;
  };
  assert.deepEqual([await hedged('e'), await hedged('a'), await hedged('f')], [2, 1, 2]);
  assert.deepEqual(
    budgets.all().map(({ name }) => name),
    ['a', 'b', 's', 'e', 'f'],
  );
});

test('its signal reaches the function, and errors name it', async () => {
  const clock = fakeClock();
  const caller = new AbortController();
  const slow = guard(
    { name: 'report', service: 'office', timeoutMs: 50 },
    (_: undefined, { signal }: Call) =>
      new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    timeout({ clock }),
  );
  const left = assert.rejects(slow(undefined, { signal: caller.signal }), {
    code: 'RESILIENCE_CANCELLED',
    message: 'office.report: the caller has gone',
  });
  caller.abort();
  await left;
  const late = assert.rejects(slow(undefined), { code: 'RESILIENCE_TIMEOUT' });
  await clock.advance(50);
  await late;
});
