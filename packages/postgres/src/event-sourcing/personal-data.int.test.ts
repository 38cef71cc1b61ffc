import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { aggregate, fact, newKey, projection, repository, subjectForgotten } from '@dure/event-sourcing';
import { event, personal } from '@dure/messaging';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import { z } from 'zod';
import { openDatabase } from '../database.ts';
import { testDatabase } from '../testing/index.ts';
import { postgresEventStore } from './postgres-event-store.ts';
import { forgetSubject } from './seal-messages.ts';

const Person = z.object({ userId: z.string(), name: z.string() });
const renamed = event('test.renamed', {
  schema: personal(Person, { subject: ({ userId }) => userId, masked: { name: '***' } }),
  key: ({ userId }) => userId,
});
const person = aggregate('person', { id: 'userId', initial: () => ({ name: '', names: 0 }), snapshotEvery: 2 })
  .on(renamed, ({ names }, { name }) => ({ name, names: names + 1 }))
  .handle('rename', (input: z.infer<typeof Person>) => fact(renamed, input));
const people = projection('people', { mode: 'inline', id: 'userId', row: Person })
  .on(renamed, (_row, { userId, name }) => ({ userId, name }))
  .on(
    subjectForgotten,
    () => null,
    ({ subject }) => subject,
  );

const dataKey = newKey();

async function open(dataKeys: readonly Uint8Array[] = [dataKey], url?: string) {
  const files = url === undefined ? await testDatabase() : undefined;
  const kit = { clock: systemClock, ids: ids(systemClock, systemRandom), telemetry: silentTelemetry() };
  const at = url ?? files?.url ?? '';
  const db = openDatabase({ url: at, service: 'test', projections: [people], dataKeys, ...kit });
  await db.projections.ready();
  const persons = repository(person, { service: 'test', store: postgresEventStore() });
  return {
    url: at,
    db,
    rename: (userId: string, name: string) =>
      db.uow(testCall(), (tx) => persons.decide(tx, 'rename', { userId, name })),
    forget: (userId: string) => db.uow(testCall(), (tx) => forgetSubject(tx, userId)),
    state: (userId: string) => db.uow(testCall(), async (tx) => (await persons.load(tx, userId)).state),
    people: async () => (await sql<{ userId: string; name: string }>`select * from people`.execute(db.read)).rows,
    /** Everything that any table of the database says. */
    async everything() {
      const { rows } = await sql<{ said: string }>`select query_to_xml('select * from dure.log', false, false, '')::text
        || query_to_xml('select * from dure.snapshot', false, false, '')::text
        || query_to_xml('select * from people', false, false, '')::text as said`.execute(db.read);
      return rows[0]?.said ?? '';
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await files?.[Symbol.asyncDispose]();
    },
  };
}

const fails = (code: string) => (error: unknown) => {
  assert.equal(codeOf(error), `EVENT_SOURCING_${code}`, String(error));
  return true;
};

test('personal data is encrypted in the log and in snapshots, and reads as it was written', async () => {
  await using at = await open();
  for (const name of ['Sora', 'Sora Kim', 'Kim Sora']) await at.rename('u-1', name);
  assert.deepEqual(await at.state('u-1'), { name: 'Kim Sora', names: 3 });
  assert.deepEqual(await at.people(), [{ userId: 'u-1', name: 'Kim Sora' }]);
  const { rows } = await sql`select stream from dure.snapshot where state ? '$sealed'`.execute(at.db.read);
  assert.equal(rows.length, 1);
  assert.equal((await at.everything()).match(/Sora/g)?.length, 1, 'only the read model says the name');
});

test('who is forgotten reads as masked everywhere, and nobody else does', async () => {
  await using at = await open();
  for (const name of ['Sora', 'Sora Kim', 'Kim Sora']) await at.rename('u-1', name);
  await at.rename('u-2', 'Hana');
  await at.forget('u-1');
  assert.deepEqual(await at.state('u-1'), { name: '***', names: 3 });
  assert.deepEqual(await at.state('u-2'), { name: 'Hana', names: 1 });
  assert.deepEqual(await at.people(), [{ userId: 'u-2', name: 'Hana' }]);
  assert.doesNotMatch(await at.everything(), /Sora/);
  await at.db.projections.rebuild('people');
  assert.deepEqual(await at.people(), [{ userId: 'u-2', name: 'Hana' }]);
  await assert.rejects(at.rename('u-1', 'Sora'), fails('SUBJECT_FORGOTTEN'));
});

test('keys are changed by adding one before the others; without the one that wrapped it nothing is read', async () => {
  await using at = await open();
  await at.rename('u-1', 'Sora');
  await using later = await open([newKey(), dataKey], at.url);
  assert.equal((await later.state('u-1')).name, 'Sora');
  await later.rename('u-2', 'Hana');
  await assert.rejects(at.state('u-2'), fails('KEY_MISSING'));
  await using without = await open([], at.url);
  await assert.rejects(without.state('u-1'), fails('KEY_MISSING'));
  await assert.rejects(without.rename('u-3', 'Bada'), fails('KEY_MISSING'));
});
