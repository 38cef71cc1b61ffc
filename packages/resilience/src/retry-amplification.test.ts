import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler } from '@dure/core';
import { DureError, plainOperation, seededRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { hedge } from './hedge.ts';
import { retry } from './retry.ts';
import { retryBudgets } from './retry-budget.ts';
import { eventClock } from './testing/event-clock.ts';

const down = new DureError('DOWN', 'unavailable', 'down', { retryable: true });

/** What reaches each hop of a chain, for each request at its head, when the last one always fails; after a first window. */
async function amplification(hops: number, perSecond: number, seed: number): Promise<number[]> {
  const clock = eventClock();
  const reached: number[] = Array.from({ length: hops }, () => 0);
  let most = 0;
  let handler: Handler<string, string> = async () => Promise.reject(down);
  for (let hop = hops - 1; hop >= 0; hop -= 1) {
    const inner = handler;
    const counted: Handler<string, string> = (input, call) => {
      reached[hop] = (reached[hop] ?? 0) + 1;
      most = Math.max(most, call.attempt.number);
      // What the wire carries of an attempt: the number of retries that are still allowed.
      const { budgetLeft = 0 } = call.attempt;
      return inner(input, call.with({ attempt: { number: 1, tried: [], budgetLeft } }));
    };
    const budget = retryBudgets({ clock });
    handler = retry<string, string>({ clock, random: seededRandom(seed + hop), budget })(counted);
  }
  const operation = { ...plainOperation('s', 'o'), idempotent: true };
  const random = seededRandom(seed);
  let requests = 0;
  const request = () => {
    requests += 1;
    handler('x', testCall({ operation })).catch(() => undefined);
    clock.after((2_000 * random.next()) / perSecond, request);
  };
  clock.after(0, request);
  await clock.runUntil(10_000);
  const before = [...reached];
  const requestsBefore = requests;
  await clock.runUntil(20_000);
  assert.ok(most <= 3, 'at most three attempts');
  return reached.map((count, hop) => (count - (before[hop] ?? 0)) / (requests - requestsBefore));
}

// D6 of the test catalogue.
test('one hop whose back end always fails sends at most 1.2 + 10/R of the requests', async () => {
  const [perRequest = Number.NaN] = await amplification(1, 1_000, 1);
  assert.ok(perRequest <= 1.2 + 10 / 1_000 + 0.005, `${perRequest}`);
  assert.ok(perRequest >= 1.19, `the budget is used: ${perRequest}`);
});

test('three hops send at most 1.5 of the requests to the last one', async () => {
  const perRequest = await amplification(3, 1_000, 2);
  assert.ok((perRequest[2] ?? Number.NaN) <= 1.5, perRequest.join(', '));
  const perHop = perRequest.map((count, hop) => count / (perRequest[hop - 1] ?? 1));
  for (const count of perHop) assert.ok(count <= 1.2 + 10 / 1_000 + 0.005, perHop.join(', '));
});

test('retries and hedges together stay within the one budget', async () => {
  const clock = eventClock();
  const budget = retryBudgets({ clock, perSecond: 0 });
  let sent = 0;
  let requests = 0;
  const slow: Handler<string, string> = async (input, call) => {
    sent += 1;
    const isGood = requests < 500;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    clock.after(isGood ? 10 : 100, () => (isGood ? resolve(input) : reject(down)));
    call.signal.addEventListener('abort', () => reject(call.signal.reason));
    return promise;
  };
  const layer = retry<string, string>({ clock, random: seededRandom(1), budget });
  const run = layer(hedge<string, string>({ clock, budget })(slow));
  const operation = { ...plainOperation('s', 'o'), idempotent: true };
  const request = () => {
    requests += 1;
    run('x', testCall({ operation })).catch(() => undefined);
    if (requests < 5_000) clock.after(5, request);
  };
  clock.after(0, request);
  await clock.runUntil(60_000);
  assert.ok(sent > requests * 1.1 && sent <= requests * 1.2 + 1, `${sent} for ${requests}`);
});
