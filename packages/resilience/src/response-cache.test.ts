import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallChange, Identity } from '@dure/core';
import { DureError, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { ResponseCacheLimits } from './response-cache.ts';
import { responseCache } from './response-cache.ts';
import { singleFlight } from './single-flight.ts';

function setup(limits: ResponseCacheLimits & { shared?: boolean } = {}) {
  const clock = fakeClock();
  const asked: Call[] = [];
  let error: unknown;
  let joined = 0;
  const cache = responseCache<string, { sku: string; at: number }>({ clock, key: (sku) => sku, ...limits });
  const handler = async (sku: string, call: Call) => {
    asked.push(call);
    await wait(clock, 10, call.signal);
    call.signal.throwIfAborted();
    if (error !== undefined) throw error;
    return { sku, at: clock.monotonicMs() };
  };
  const run = cache(handler);
  const get = async (sku = 'A', change: CallChange = {}) => {
    const answer = run(sku, testCall(change));
    answer.catch(() => undefined);
    await clock.advance(10);
    return answer;
  };
  return {
    clock,
    asked,
    cache,
    run,
    get,
    fail: (by: unknown) => {
      error = by;
    },
    joined: () => joined,
    flight: singleFlight<string, { sku: string; at: number }>({
      clock,
      key: (sku) => sku,
      observe: () => {
        joined += 1;
      },
    })(handler),
  };
}

test('an answer is given again while it is fresh', async () => {
  const { clock, asked, get } = setup({ freshMs: 100 });
  const first = await get();
  assert.equal(await get(), first);
  assert.equal(asked.length, 1);
  await clock.advance(100);
  assert.notEqual(await get(), first);
  assert.equal(asked.length, 2);
});

test('errors are not kept, and everybody who waited for one gets it', async () => {
  const { clock, asked, run, get, fail } = setup();
  fail(new DureError('DOWN', 'unavailable', 'down'));
  const both = ['A', 'A'].map((sku) => assert.rejects(run(sku, testCall()), { code: 'DOWN' }));
  await clock.advance(10);
  await Promise.all(both);
  fail(undefined);
  await get();
  assert.equal(asked.length, 2);
});

test('callers are kept apart unless the answer is shared', async () => {
  const identity = (subject: string): Identity => ({ kind: 'user', subject, roles: [], scopes: [] });
  const own = setup();
  await own.get('A', { identity: identity('kim') });
  await own.get('A', { identity: identity('lee') });
  assert.equal(own.asked.length, 2);
  const shared = setup({ shared: true });
  await shared.get('A', { identity: identity('kim') });
  await shared.get('A', { identity: identity('lee') });
  assert.equal(shared.asked.length, 1);
});

test('only so many answers are kept: what was asked for longest ago goes', async () => {
  const { asked, cache, get } = setup({ most: 2 });
  for (const sku of ['A', 'B', 'A', 'C', 'A']) await get(sku);
  assert.equal(asked.length, 3);
  assert.equal(cache.size, 2);
  cache.update({ most: 1 });
  await get('B');
  assert.equal(cache.size, 1);
  assert.throws(() => cache.update({ freshMs: 0 }), { code: 'RESILIENCE_OPTION_INVALID' });
});

test('what was asked before everything was forgotten is answered, but not kept', async () => {
  const { clock, asked, cache, run, get } = setup();
  const answer = run('A', testCall());
  cache.clear();
  await clock.advance(10);
  await answer;
  assert.equal(cache.size, 0);
  await get();
  assert.equal(asked.length, 2);
});

test('a thousand callers at once are one call', async () => {
  const { clock, asked, flight, joined } = setup();
  const all = Array.from({ length: 1_000 }, () => flight('A', testCall()));
  await clock.advance(10);
  assert.equal(new Set(await Promise.all(all)).size, 1);
  assert.equal(asked.length, 1);
  assert.equal(joined(), 999);
});

test('who leaves leaves alone, the first one too; when the last has left the call is cancelled', async () => {
  const { clock, asked, flight } = setup();
  const callers = [new AbortController(), new AbortController(), new AbortController()];
  const all = callers.map(({ signal }) => flight('A', testCall({ signal })));
  const lefts = all.slice(0, 2).map((one) => assert.rejects(one, { code: 'RESILIENCE_CANCELLED' }));
  callers[0]?.abort();
  callers[1]?.abort();
  await Promise.all(lefts);
  assert.equal(asked[0]?.signal.aborted, false);
  await clock.advance(10);
  assert.equal((await all[2])?.sku, 'A');
  const last = new AbortController();
  const gone = assert.rejects(flight('A', testCall({ signal: last.signal })), { code: 'RESILIENCE_CANCELLED' });
  last.abort();
  await gone;
  assert.equal(asked[1]?.signal.aborted, true);
  const again = flight('A', testCall());
  await clock.advance(10);
  assert.equal((await again).sku, 'A', 'the next one asks afresh');
});

// Regression: such a call began a flight that nobody waited for and nobody could cancel.
test('a call that is over before it begins starts nothing and joins nothing', async () => {
  const { clock, asked, flight: run, joined } = setup();
  const gone = { signal: AbortSignal.abort() };
  const late = { deadline: clock.now() };
  await assert.rejects(run('A', testCall(gone)), { code: 'RESILIENCE_CANCELLED' });
  await assert.rejects(run('A', testCall(late)), { code: 'RESILIENCE_DEADLINE_EXCEEDED' });
  assert.equal(asked.length, 0);
  const answer = run('A', testCall());
  await assert.rejects(run('A', testCall(gone)), { code: 'RESILIENCE_CANCELLED' });
  await clock.advance(10);
  assert.deepEqual([(await answer).sku, asked.length, joined()], ['A', 1, 0]);
});

test('who has more time than the one who began asks again', async () => {
  const { clock, asked } = setup();
  const deadlined = singleFlight<string, string>({ clock, key: (sku) => sku })(async (sku, call) => {
    asked.push(call);
    const isLate = call.deadline - clock.now() < 10;
    await wait(clock, isLate ? call.deadline - clock.now() : 10);
    if (isLate) throw new DureError('RESILIENCE_DEADLINE_EXCEEDED', 'timeout', 'late');
    return sku;
  });
  const short = assert.rejects(deadlined('A', testCall({ deadline: clock.now() + 5 })), {
    code: 'RESILIENCE_DEADLINE_EXCEEDED',
  });
  const long = deadlined('A', testCall({ deadline: clock.now() + 1_000 }));
  await clock.advance(5);
  await short;
  await clock.advance(10);
  assert.equal(await long, 'A');
  assert.equal(asked.length, 2);
});
