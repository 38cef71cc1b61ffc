import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DureError, Refusal } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { FallbackEvent, FallbackSource } from './fallback.ts';
import { fallback, fallbackBy, fallbackOf, fallbackValue, lastGood } from './fallback.ts';

interface Stock {
  readonly sku: string;
  readonly left: number;
}

const down = new DureError('DOWN', 'unavailable', 'down');

function setup(sources: readonly FallbackSource<string, Stock>[]) {
  const events: FallbackEvent[] = [];
  let error: unknown;
  const run = fallback<string, Stock>(sources, { observe: (event) => void events.push(event) })(async (sku) => {
    if (error !== undefined) throw error;
    return { sku, left: 3 };
  });
  return {
    events,
    fail: (by: unknown = down) => {
      error = by;
    },
    ask: (sku = 'A-1', signal?: AbortSignal) => run(sku, testCall(signal === undefined ? {} : { signal })),
  };
}

test('a good answer passes unmarked; a value stands in for none, marked with the reason', async () => {
  const { events, ask, fail } = setup([fallbackValue({ sku: '?', left: 0 })]);
  assert.equal(fallbackOf(await ask()), undefined);
  fail();
  const answer = await ask();
  assert.deepEqual(answer, { sku: '?', left: 0 });
  assert.deepEqual(fallbackOf(answer), { kind: 'value', error: down });
  assert.notEqual(await ask(), answer, 'each caller gets a copy');
  assert.equal(events.length, 2);
});

test('a function makes the answer from error and input; what it throws takes the place of the error', async () => {
  const made = setup([fallbackBy((error, sku) => ({ sku: `${sku} ${(error as DureError).code}`, left: 0 }))]);
  made.fail();
  assert.equal((await made.ask()).sku, 'A-1 DOWN');
  const broken = setup([fallbackBy(() => Promise.reject(new TypeError('worse')))]);
  broken.fail();
  await assert.rejects(broken.ask(), /worse/);
});

test('the last good answer to the same question is given with its age, until it is too old; then the next source', async () => {
  const clock = fakeClock();
  const kept = lastGood<string, Stock>({ clock, key: (sku) => sku, oldestMs: 1_000 });
  const { ask, fail } = setup([kept, fallbackValue({ sku: '?', left: 0 })]);
  const good = await ask();
  fail();
  await clock.advance(400);
  const old = await ask();
  assert.deepEqual(old, good);
  assert.deepEqual(fallbackOf(old), { kind: 'last-good', ageMs: 400, error: down });
  assert.equal(fallbackOf(good), undefined, 'the good answer of somebody else is not marked');
  assert.equal((await ask('B-2')).sku, '?', 'never asked before');
  await clock.advance(601);
  assert.equal((await ask()).sku, '?');
});

test('only so many last good answers are kept', async () => {
  const kept = lastGood<string, Stock>({ clock: fakeClock(), key: (sku) => sku, most: 2 });
  const { ask, fail } = setup([kept]);
  for (const sku of ['A', 'B', 'A', 'C']) await ask(sku);
  fail();
  await assert.rejects(ask('B'), { code: 'DOWN' });
  assert.equal((await ask('A')).sku, 'A');
});

test('a refusal, a mistake of the caller and a caller who left are not covered up', async () => {
  const { ask, fail } = setup([fallbackValue({ sku: '?', left: 0 })]);
  fail(new Refusal({ service: 's', operation: 'o', code: 'UnknownSku', data: {}, status: 404 }));
  await assert.rejects(ask(), { code: 'UnknownSku' });
  fail(new DureError('BAD', 'invalid', 'bad'));
  await assert.rejects(ask(), { code: 'BAD' });
  fail(new DureError('GONE', 'cancelled', 'gone'));
  await assert.rejects(ask(), { code: 'GONE' });
  fail();
  await assert.rejects(ask('A-1', AbortSignal.abort()), { code: 'DOWN' });
});

test('answers that are no objects cannot be marked, and those that cannot be copied are given as they are', async () => {
  const text = fallback<string, string>([fallbackValue('none')])(async () => Promise.reject(down));
  assert.equal(fallbackOf(await text('x', testCall())), undefined);
  const value = { run: () => 1 };
  const same = fallback<string, { run: () => number }>([fallbackValue(value)])(async () => Promise.reject(down));
  assert.equal(await same('x', testCall()), value);
});
