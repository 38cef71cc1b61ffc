import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { count, counted, keyed, kill, open, pidOf } from './fixtures/counter-kit.ts';

const repetitions = 1_000;
const patient = { poolMaxWaiting: repetitions, poolWaitMs: 120_000 };

test(`${repetitions} requests of one key at once have one effect and one answer, though the one that works is killed`, async () => {
  await using one = open(patient);
  await using other = open(patient);
  let runs = 0;
  const place = (number: number) =>
    (number % 2 === 0 ? one : other).uow(keyed('k-night', 120_000), async (tx) => {
      runs += 1;
      await count(tx, 'placed');
      if (runs === 1) await kill(await pidOf(tx)); // The database ends the connection in the middle of the first.
      return { order: `order of run ${runs}` };
    });
  const outcomes = await Promise.allSettled(Array.from({ length: repetitions }, (_, number) => place(number)));
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.order] : []));
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [codeOf(outcome.reason)] : []));
  assert.equal(await counted('placed'), 1);
  assert.equal(new Set(answers).size, 1, 'all got the same answer');
  assert.ok(failures.length <= 1, `${failures}`); // Whoever was killed may be told so.
  assert.equal(runs, 2);
  const again = keyed('k-night').with({ inputHash: 'other' });
  await assert.rejects(
    one.uow(again, async () => 1),
    (error) => codeOf(error) === 'SERVICE_IDEMPOTENCY_KEY_REUSED',
  );
});
