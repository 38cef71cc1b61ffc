import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, randomInteger, seededRandom, systemClock, systemRandom } from '@dure/core';
import { testDatabase } from '../testing/index.ts';
import { advanceVariants } from './advance-variants.ts';
import { runFenceStress } from './stress.ts';

const seed = randomInteger(systemRandom, 1, 2 ** 31 - 1);
const options = { clock: systemClock, ids: ids(systemClock, systemRandom), writers: 24, readers: 3, killEveryMs: 100 };

test('over a minute and 50 000 events nothing is lost, doubled or out of order', async (context) => {
  await using database = await testDatabase();
  const random = seededRandom(seed);
  const report = await runFenceStress({ ...options, random, url: database.url, seconds: 60, events: 50_000 });
  context.diagnostic(JSON.stringify({ seed, ...report }));
  const { lost, doubled, inverted, faults } = report;
  assert.deepEqual(
    { lost, doubled, inverted, faults },
    { lost: 0, doubled: 0, inverted: 0, faults: [] },
    `seed ${seed}`,
  );
  // Nothing is lost either when nothing was written, undone or killed.
  const { events, rolledBack, killed } = report;
  assert.ok(events >= 50_000, `${events} events`);
  assert.ok(rolledBack > 0 && killed > 0, `${rolledBack} rolled back, ${killed} killed`);
});

test('with the two steps of advance() swapped the same stress loses messages', async (context) => {
  // By itself on most machines; on one that is busy, readers may never meet a writer between the steps: a pause helps them.
  for (const pause of ['', 'perform pg_sleep(0.001);']) {
    await using database = await testDatabase();
    await advanceVariants(database.ownerUrl).install('swapped', pause);
    const stress = { ...options, url: database.url, seconds: 30, events: 20_000, stopAtFirstFault: true };
    const { lost, ...report } = await runFenceStress({ ...stress, random: seededRandom(seed) });
    context.diagnostic(JSON.stringify({ seed, pause, lost, ...report }));
    if (lost > 0) return;
  }
  assert.fail(`the wrong order must lose messages; seed ${seed}`);
});
