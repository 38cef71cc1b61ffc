import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DureError } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { onceReachable } from './once-reachable.ts';

const away = (retryable: boolean) => new DureError('TEST_AWAY', 'unavailable', 'the database is away', { retryable });

/** Lets time pass until it is decided; how much did, and how often it was tried. */
async function outcomeOf(failures: number, retryable: boolean) {
  const clock = fakeClock();
  const from = clock.monotonicMs();
  let tries = 0;
  let decided = false;
  const outcome = onceReachable(async () => {
    tries += 1;
    if (tries <= failures) throw away(retryable);
    return 'there';
  }, clock)
    .catch((error: Error) => error.message)
    .finally(() => {
      decided = true;
    });
  for (let turn = 0; turn < 1_000 && !decided; turn += 1) await clock.advance(50);
  return { outcome: await outcome, tries, tookMs: clock.monotonicMs() - from };
}

test('a database that comes back is waited for', async () => {
  const { outcome, tries } = await outcomeOf(3, true);
  assert.deepEqual({ outcome, tries }, { outcome: 'there', tries: 4 });
});

test('one that stays away ends the start, in the end', async () => {
  const { outcome, tookMs } = await outcomeOf(Number.POSITIVE_INFINITY, true);
  assert.equal(outcome, 'the database is away');
  assert.ok(tookMs >= 20_000 && tookMs < 21_000, `${tookMs} ms`);
});

test('what time does not mend ends the start at once', async () => {
  const { outcome, tries } = await outcomeOf(1, false);
  assert.deepEqual({ outcome, tries }, { outcome: 'the database is away', tries: 1 });
});
