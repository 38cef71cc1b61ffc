import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { deadline } from './deadline.ts';

const clock = fakeClock();
const guarded = (defaultMs?: number) =>
  deadline<string, Call>(defaultMs === undefined ? { clock } : { clock, defaultMs })(async (_input, call) => call);

test('a call whose deadline has passed fails at once and runs nothing', async () => {
  await assert.rejects(guarded()('x', testCall({ deadline: clock.now() })), { code: 'RESILIENCE_DEADLINE_EXCEEDED' });
  await assert.rejects(guarded()('x', testCall({ deadline: clock.now() - 30 })), /passed 30 ms ago/);
});

test('a call whose caller has gone fails at once', async () => {
  await assert.rejects(guarded()('x', testCall({ signal: AbortSignal.abort() })), { code: 'RESILIENCE_CANCELLED' });
});

test('a call with time left passes unchanged and without a timer', async () => {
  const call = testCall({ deadline: clock.now() + 1 });
  assert.equal(await guarded(500)('x', call), call);
  assert.equal(clock.pending, 0);
});

test('a call without a deadline gets the default one', async () => {
  assert.equal((await guarded(500)('x', testCall())).deadline, clock.now() + 500);
  assert.equal((await guarded()('x', testCall())).deadline, Number.POSITIVE_INFINITY);
});

test('an option that makes no sense is refused by name', () => {
  assert.throws(() => guarded(0), { code: 'RESILIENCE_OPTION_INVALID', message: /`defaultMs` is 0/ });
});
