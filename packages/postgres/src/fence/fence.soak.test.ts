import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, randomInteger, seededRandom, systemClock, systemRandom } from '@dure/core';
import { testDatabase } from '../testing/index.ts';
import type { AdvanceVariant } from './advance-variants.ts';
import { advanceVariants } from './advance-variants.ts';
import { runFenceStress } from './stress.ts';

const seed = randomInteger(systemRandom, 1, 2 ** 31 - 1);
const kit = { clock: systemClock, ids: ids(systemClock, systemRandom), readers: 3, killEveryMs: 100 };
const options = { ...kit, writers: 16, services: 2 };

test('over a minute and 50 000 events nothing is lost, doubled or out of order', async (context) => {
  await using database = await testDatabase();
  const random = seededRandom(seed);
  const report = await runFenceStress({ ...options, random, url: database.url, seconds: 60, events: 50_000 });
  context.diagnostic(JSON.stringify({ seed, ...report }));
  const { lost, doubled, inverted, forgotten, faults } = report;
  assert.deepEqual(
    { lost, doubled, inverted, forgotten, faults },
    { lost: 0, doubled: 0, inverted: 0, forgotten: 0, faults: [] },
    `seed ${seed}`,
  );
  // Nothing is lost either when nothing was written, undone, killed, held or committed together.
  const { events, rolledBack, killed, busy, missed, commitsTogether } = report;
  assert.ok(events >= 50_000, `${events} events`);
  const least = Math.min(rolledBack, killed, busy, missed, commitsTogether);
  assert.ok(least > 0, JSON.stringify({ rolledBack, killed, busy, missed, commitsTogether }));
});

for (const [who, writers] of [
  ['who flush by themselves', { writers: 24, services: 0 }],
  ['whose appends are committed together', { writers: 0, services: 3 }],
] as const) {
  test(`of writers ${who} nothing is lost with a pause between the two steps of advance(), and something with the steps swapped`, async (context) => {
    // Without the pause readers meet no writer between the swapped steps in 39 000 events; the order is what must matter, not the pause.
    const lostBy = async (variant: AdvanceVariant, seconds: number, events: number) => {
      await using database = await testDatabase();
      await advanceVariants(database.ownerUrl).install(variant, 'perform pg_sleep(0.001);');
      const stress = { ...kit, ...writers, url: database.url, seconds, events, stopAtFirstFault: true };
      const { lost, ...report } = await runFenceStress({ ...stress, random: seededRandom(seed) });
      context.diagnostic(JSON.stringify({ seed, variant, lost, ...report }));
      return lost;
    };
    assert.equal(await lostBy('asShipped', 10, 5_000), 0, `seed ${seed}`);
    assert.ok((await lostBy('swapped', 30, 20_000)) > 0, `the wrong order must lose messages; seed ${seed}`);
  });
}
