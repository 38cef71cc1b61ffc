import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { bulkhead } from './bulkhead.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { guard } from './guard.ts';
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
