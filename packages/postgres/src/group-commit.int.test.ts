import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { fact, repository } from '@dure/event-sourcing';
import { deposited, sampleAccount } from '@dure/event-sourcing/testing';
import { noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { lockHeads } from './event-sourcing/lock-heads.ts';
import { postgresEventStore } from './event-sourcing/postgres-event-store.ts';
import type { Tables } from './fixtures/counter-kit.ts';
import { control, database, fails, open } from './fixtures/counter-kit.ts';
import type { SlowProxy } from './fixtures/slow-proxy.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import { until } from './fixtures/until.ts';

const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });

type Expected = Parameters<typeof accounts.append>[3];
const append = (db: Database<Tables>, id: string, expected: Expected = 'any', count = 1) => {
  const facts = Array.from({ length: count }, () => fact(deposited, { account: id, amount: 1 }));
  return db.uow(testCall(), async (tx) => accounts.append(tx, id, facts, expected));
};
const note = (db: Database<Tables>, key: string) => db.uow(testCall(), async (tx) => tx.emit(noted, { key, count: 1 }));

async function stored(ids: readonly string[]) {
  const streams = ids.map((id) => `account:${id}`);
  const { rows } = await sql<{ stream: string; version: number; head: number }>`
    select l.stream, l.stream_version as version, s.version as head
    from dure.log l join dure.stream s using (stream) where l.stream = any (${streams}) order by l.pos`.execute(
    control.read,
  );
  return rows.map(({ stream, version, head }) => `${stream.slice('account:'.length)} ${version}/${head}`).sort();
}

/** Opens all connections of a pool. */
async function warm(db: Database<Tables>, connections: number): Promise<void> {
  await Promise.all(
    Array.from({ length: connections }, () => db.uow(testCall(), (tx) => sql`select 1`.execute(tx.db))),
  );
}

/** How often each function that flushes was carried out. */
function flushes({ sent }: SlowProxy): Readonly<Record<string, number>> {
  const bound =
    Buffer.concat(sent)
      .toString('latin1')
      .match(/\0dure\.flush\w*\0/g) ?? [];
  const names = bound.map((name) => name.slice(1, -1));
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]),
  );
}

/** Begins them all at once, so that they go together. */
const atOnce = (works: readonly (() => Promise<unknown>)[]) => Promise.allSettled(works.map((work) => work()));

describe('units of work that consist of messages alone', () => {
  test('that come together are committed together, in one statement on one connection', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 6 });
    await warm(db, 6);
    await atOnce(Array.from({ length: 3 }, (_, index) => () => append(db, `plan-${index}`))); // Plans the statements of two connections.
    proxy.turns = 0;
    proxy.sent.length = 0;
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `together-${id}`);
    const outcomes = await atOnce(ids.map((id) => () => append(db, id, 'none')));
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['fulfilled']));
    assert.equal(proxy.turns, 1);
    assert.deepEqual(flushes(proxy), { 'dure.flush_together': 1 });
    assert.deepEqual(
      await stored(ids),
      ids.map((id) => `${id} 1/1`),
    );
  });

  test('of many messages go in two commits, on two connections beside each other', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 6 });
    await warm(db, 6);
    const of = (name: string) => ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `${name}-${id}`);
    await atOnce(of('first').map((id) => () => append(db, id, 'none', 20)));
    proxy.turns = 0;
    proxy.sent.length = 0;
    await atOnce(of('beside').map((id) => () => append(db, id, 'none', 20)));
    assert.deepEqual(flushes(proxy), { 'dure.flush_together': 2 });
    assert.deepEqual([...new Set(await stored(of('beside')))].length, 120);
  });

  test('succeed and fail each for itself', async () => {
    await using db = open({ poolSize: 10 });
    await warm(db, 10);
    await append(db, 'is-there');
    const outcomes = await atOnce([
      () => note(db, 'first'),
      () => append(db, 'fresh', 'none'),
      () => append(db, 'is-there', 'none'),
      () => append(db, 'is-not-there', 'exists'),
      () => append(db, 'is-not-there-either', 3),
      () => note(db, 'last'),
    ]);
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'fulfilled'));
    const conflict = 'EVENT_SOURCING_CONFLICT';
    assert.deepEqual(codes, ['fulfilled', 'fulfilled', conflict, conflict, conflict, 'fulfilled']);
    const [, , moved] = outcomes;
    assert.match(String(moved?.status === 'rejected' && moved.reason), /account:is-there.*version 1/);
    assert.deepEqual(await stored(['fresh', 'is-there', 'is-not-there', 'is-not-there-either']), [
      'fresh 1/1',
      'is-there 1/1',
    ]);
  });

  test('that expect a version or whatever is there move the head from where it is', async () => {
    await using db = open({ poolSize: 10 });
    await warm(db, 10);
    await Promise.all(['v', 'w', 'x'].map((id) => append(db, id)));
    const outcomes = await atOnce([
      () => note(db, 'first'),
      () => append(db, 'v', 1),
      () => append(db, 'w', 'exists'),
      () => append(db, 'x', 'any'),
      () => append(db, 'x', 'any'),
      () => append(db, 'x', 'any'),
    ]);
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['fulfilled']));
    assert.deepEqual(await stored(['v', 'w', 'x']), [
      'v 1/2',
      'v 2/2',
      'w 1/2',
      'w 2/2',
      'x 1/4',
      'x 2/4',
      'x 3/4',
      'x 4/4',
    ]);
  });

  test('do not suffer from one whose data cannot be stored', async () => {
    await using db = open({ poolSize: 5 });
    await warm(db, 5);
    const [, good, nul, half, other] = await atOnce([
      () => note(db, 'first'),
      () => append(db, 'good'),
      () => note(db, 'a \u0000'),
      () => note(db, 'half \ud83d'),
      () => append(db, 'other'),
    ]);
    assert.deepEqual([good?.status, other?.status], ['fulfilled', 'fulfilled']);
    for (const bad of [nul, half])
      assert.ok(bad?.status === 'rejected' && fails('POSTGRES_DATA_UNSTORABLE')(bad.reason));
    assert.deepEqual(await stored(['good', 'other']), ['good 1/1', 'other 1/1']);
  });

  test('do not wait for a stream that somebody holds, whether it goes first or with them', async () => {
    await using db = open({ poolSize: 6 });
    await warm(db, 6);
    await append(db, 'hot');
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = control.uow(testCall(), async (tx) => {
      await lockHeads(tx.db as never, ['account:hot']);
      held.resolve();
      await release.promise;
    });
    await held.promise;
    const hot = [append(db, 'hot'), append(db, 'hot')];
    await Promise.all(['cold', 'cool'].map((id) => append(db, id)));
    assert.deepEqual(await stored(['hot', 'cold', 'cool']), ['cold 1/1', 'cool 1/1', 'hot 1/1']);
    release.resolve();
    await Promise.all([...hot, holding]);
    assert.deepEqual(await stored(['hot']), ['hot 1/3', 'hot 2/3', 'hot 3/3']);
  });

  test('of two processes keep each stream in order and without gaps, however they meet', async () => {
    await using one = open({ poolSize: 8 });
    await using other = open({ poolSize: 8 });
    const random = seededRandom(11);
    const works = Array.from({ length: 300 }, () => {
      const db = random.next() < 0.5 ? one : other;
      const id = `busy-${Math.floor(random.next() * 6)}`;
      return () => append(db, id, random.next() < 0.2 ? 1 + Math.floor(random.next() * 20) : 'any');
    });
    const outcomes = await atOnce(works);
    const failed = outcomes.filter(({ status }) => status === 'rejected').length;
    const { rows } = await sql<{ versions: number[]; head: number }>`
      select array_agg(l.stream_version order by l.pos) as versions, max(s.version) as head
      from dure.log l join dure.stream s using (stream) where l.stream like 'account:busy-%' group by l.stream`.execute(
      control.read,
    );
    for (const { versions, head } of rows)
      assert.deepEqual(
        versions,
        Array.from({ length: head }, (_, index) => index + 1),
      );
    assert.equal(
      rows.reduce((sum, { head }) => sum + head, 0),
      300 - failed,
    );
    assert.ok(failed > 0 && failed < 100, `${failed}`);
  });

  test('whose connection breaks behind the COMMIT do not know, and are not committed twice', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 4 });
    await warm(db, 4);
    proxy.loseAnswerTo = 'dure.flush_together';
    const outcomes = await atOnce(['lost-1', 'lost-2', 'lost-3', 'lost-4'].map((id) => () => append(db, id)));
    for (const outcome of outcomes)
      assert.ok(outcome.status === 'rejected' && fails('POSTGRES_OUTCOME_UNKNOWN')(outcome.reason));
    await until(
      'what was sent is committed once',
      async () => (await stored(['lost-1', 'lost-2', 'lost-3', 'lost-4'])).length === 4,
    );
  });
});
