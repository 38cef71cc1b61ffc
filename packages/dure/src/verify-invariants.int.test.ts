import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { codeOf, messageOf, systemClock, systemRandom } from '@dure/core';
import { invariant } from './invariant.ts';
import type { TestSystem } from './testing/start-system.ts';
import { startSystem } from './testing/start-system.ts';
import { verifyInvariants } from './verify-invariants.ts';

const ledger = join(import.meta.dirname, '..', 'fixtures', 'ledger', 'system.ts');
let system: TestSystem;

before(async () => {
  system = await startSystem(ledger, { placement: 'one' });
});
after(() => system[Symbol.asyncDispose]());

/** Changes the database behind the service's back. */
async function plant(sql: string): Promise<void> {
  const { openDatabase, sql: statement } = await import('@dure/postgres');
  const { silentTelemetry } = await import('@dure/telemetry');
  const { ids } = await import('@dure/core');
  await using database = openDatabase({
    url: system.databaseUrls.books ?? '',
    service: 'books',
    clock: systemClock,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
  });
  await statement.raw(sql).execute(database.read);
}

test('invariants that hold are shown with their figures, and no check can change anything', async () => {
  const verdicts = await system.verify();
  assert.deepEqual(
    verdicts.map(({ name, holds, figures }) => [name, holds, figures]),
    [
      ['the books balance', true, { total: 0 }],
      ['a check cannot change anything', true, { update: 'refused' }],
    ],
  );
});

test('a planted double is found', async () => {
  await plant(`UPDATE account SET balance = 200 WHERE name = 'equity'`);
  await assert.rejects(system.verify({ settleMs: 0 }), (error) => {
    assert.equal(codeOf(error), 'DURE_INVARIANT_BROKEN');
    assert.match(
      messageOf(error),
      /1 of 2 invariants do not hold: "the books balance" {"total":100} the balances sum up to 100/,
    );
    return true;
  });
  await plant(`UPDATE account SET balance = 100 WHERE name = 'equity'`);
  await system.verify({ settleMs: 0 });
});

test('an invariant that holds a moment later holds', async () => {
  let asked = 0;
  const soon = invariant('soon', {
    reads: ['books'],
    check: async () => {
      asked += 1;
      return { holds: asked >= 3, figures: { asked } };
    },
  });
  const options = { invariants: [soon], databaseUrls: system.databaseUrls, clock: systemClock, random: systemRandom };
  assert.deepEqual(await verifyInvariants({ ...options, settleMs: 5_000 }), [
    { name: 'soon', holds: true, figures: { asked: 3 }, violations: [] },
  ]);
});

test('a check that fails to run does not pass for one that holds', async () => {
  const faulty = invariant('faulty', {
    reads: ['books'],
    check: async ({ books }) => ({ holds: true, figures: { n: (await books.rows('SELECT * FROM nowhere')).length } }),
  });
  const options = { databaseUrls: system.databaseUrls, clock: systemClock, random: systemRandom, settleMs: 0 };
  const [verdict] = await verifyInvariants({ ...options, invariants: [faulty] });
  assert.equal(verdict?.holds, false);
  assert.match(verdict?.violations[0] ?? '', /the check failed: .*nowhere/);
});

test('an invariant on a service without a database is refused', async () => {
  const lost = invariant('lost', { reads: ['gateway'], check: async () => ({ holds: true, figures: {} }) });
  const options = { databaseUrls: system.databaseUrls, clock: systemClock, random: systemRandom };
  await assert.rejects(
    verifyInvariants({ ...options, invariants: [lost] }),
    (error) => codeOf(error) === 'DURE_SYSTEM_INVALID',
  );
});
