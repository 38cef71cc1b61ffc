import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FallbackNotes, SeenPositions } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { projection } from '@dure/event-sourcing';
import { deposited } from '@dure/event-sourcing/testing';
import { foreignMessage } from '@dure/messaging/testing';
import { sql } from 'kysely';
import { z } from 'zod';
import { board, eventually, failsWith, openRelease } from '../fixtures/board-kit.ts';
import { slowProxy } from '../fixtures/slow-proxy.ts';
import type { Tx } from '../transaction.ts';

describe('an inline projection', () => {
  test('is up to date with the commit, or not at all', async () => {
    await using release = await openRelease([board('inline')]);
    await release.projector.ready();
    await release.deposit('a', 5);
    await release.deposit('b', 2);
    await release.deposit('a', 3);
    const failing = release.db.uow(testCall(), async (tx) => {
      tx.emit(deposited, { account: 'a', amount: 100 });
      throw new TypeError('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await release.rows(), [
      { account: 'a', balance: 8 },
      { account: 'b', balance: 2 },
    ]);
  });

  test('costs its unit of work one round trip, however many rows there are', async () => {
    await using release = await openRelease([board('inline')]);
    await release.projector.ready();
    await using proxy = await slowProxy(release.url);
    await using other = await openRelease([board('inline')], { url: proxy.url });
    const both = () =>
      other.db.uow(testCall(), async (tx) => {
        for (const account of ['b', 'a', 'c', 'a']) tx.emit(deposited, { account, amount: 1 });
      });
    await both();
    proxy.turns = 0;
    await both();
    assert.equal(proxy.turns, 2);
    assert.deepEqual(
      (await release.rows()).map(({ account, balance }) => [account, balance]),
      [
        ['a', 4],
        ['b', 2],
        ['c', 2],
      ],
    );
  });

  test('loses no change when many units of work change the same rows at once, also new ones', async () => {
    await using release = await openRelease([board('inline')]);
    await release.projector.ready();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        release.db.uow(testCall(), async (tx) => {
          const accounts = index % 2 === 0 ? ['x', 'y'] : ['y', 'x'];
          for (const account of accounts) tx.emit(deposited, { account, amount: 1 });
        }),
      ),
    );
    assert.deepEqual(
      (await release.rows()).map(({ balance }) => balance),
      [40, 40],
    );
  });

  test('is built from what has happened before it existed', async () => {
    await using before = await openRelease([]);
    for (const account of ['a', 'b', 'a']) await before.deposit(account);
    await using release = await openRelease([board('inline')], { url: before.url });
    await assert.rejects(release.deposit('a'), failsWith('EVENT_SOURCING_PROJECTION_NOT_READY'));
    await release.projector.ready();
    await release.deposit('a');
    assert.deepEqual(
      (await release.rows()).map(({ balance }) => balance),
      [3, 1],
    );
  });

  test('of a newer release takes over, and the older release may append no more', async () => {
    await using older = await openRelease([board('inline')]);
    await older.projector.ready();
    await older.deposit('a', 2);
    await using newer = await openRelease([board('inline', 2)], { url: older.url });
    await newer.projector.ready();
    await newer.deposit('a', 3);
    assert.deepEqual(await newer.rows(), [{ account: 'a', balance: 5, moves: 2 }]);
    await assert.rejects(older.deposit('a'), failsWith('EVENT_SOURCING_PROJECTION_SUPERSEDED'));
    await using again = await openRelease([board('inline')], { url: older.url });
    await assert.rejects(again.projector.ready(), failsWith('EVENT_SOURCING_PROJECTION_SUPERSEDED'));
    await again.projector.rollBack('account-board');
    await again.projector.ready();
    await again.deposit('a', 1);
    assert.deepEqual(await again.rows(), [{ account: 'a', balance: 6 }]);
  });
});

describe('an async projection', () => {
  test('follows, and tells when it holds what somebody has written', async () => {
    await using release = await openRelease([board('async')]);
    await release.projector.ready();
    assert.deepEqual(await release.rows(), []);
    await release.deposit('a', 5);
    const position = await release.db.log.advance();
    assert.equal(await release.holds('account-board', position, 0), false, 'nobody follows yet');
    release.projector.run();
    assert.equal(await release.holds('account-board', position), true);
    assert.deepEqual(await release.rows(), [{ account: 'a', balance: 5 }]);
    await release.deposit('a', 1);
    assert.equal(await release.holds('account-board', await release.db.log.advance()), true);
    assert.deepEqual(await release.rows(), [{ account: 'a', balance: 6 }]);
  });

  test('is followed by any number of processes, and each event is applied once', async () => {
    await using one = await openRelease([board('async')]);
    await one.projector.ready();
    await using two = await openRelease([board('async')], { url: one.url });
    await two.projector.ready();
    one.projector.run();
    two.projector.run();
    await Promise.all(Array.from({ length: 100 }, (_, index) => one.deposit(`a${index % 5}`)));
    assert.equal(await two.holds('account-board', await one.db.log.advance()), true);
    assert.deepEqual(
      (await one.rows()).map(({ balance }) => balance),
      [20, 20, 20, 20, 20],
    );
  });

  test('of a newer release is built beside the older one, which follows for a while and is then dropped', async () => {
    await using older = await openRelease([board('async')], { rollbackWindowMs: 60_000 });
    await older.projector.ready();
    older.projector.run();
    await older.deposit('a', 2);
    await using newer = await openRelease([board('async', 2)], { url: older.url, rollbackWindowMs: 60_000 });
    await newer.projector.ready();
    newer.projector.run();
    const states = async () => (await newer.projector.tables()).map(({ version, state }) => `${version} ${state}`);
    await eventually('the new version is shown', async () => (await states()).includes('2 active'));
    assert.deepEqual(await states(), ['1 retired', '2 active']);
    await newer.deposit('a', 3);
    const position = await newer.db.log.advance();
    const retired = async () => (await older.projector.tables()).find(({ version }) => version === 1);
    await eventually('the old one has followed', async () => ((await retired())?.position ?? 0) >= position);
    await older.projector.rollBack('account-board');
    assert.deepEqual(await older.rows(), [{ account: 'a', balance: 5 }]);
    await newer.projector.rollBack('account-board');
    await using cleaner = await openRelease([board('async', 2)], { url: older.url, rollbackWindowMs: 0 });
    cleaner.projector.run();
    await eventually('the old one is dropped', async () => (await retired()) === undefined);
    await assert.rejects(older.projector.rollBack('account-board'), failsWith('EVENT_SOURCING_PROJECTION_GONE'));
  });

  test('may have statements of its own, in the order of the events', async () => {
    const last = projection('last-moves', {
      mode: 'async',
      id: 'account',
      row: z.object({ account: z.string(), total: z.int() }),
    }).sql(deposited, async (tx: Tx, { account, amount }, table) => {
      await sql`insert into ${sql.table(table)} as t (account, total) values (${account}, ${amount})
        on conflict (account) do update set total = t.total * 10 + excluded.total`.execute(tx.db);
    });
    await using release = await openRelease([last]);
    await release.projector.ready();
    release.projector.run();
    for (const amount of [1, 2, 3]) await release.deposit('a', amount);
    assert.equal(await release.holds('last-moves', await release.db.log.advance()), true);
    const { rows } = await sql`select * from last_moves`.execute(release.db.read);
    assert.deepEqual(rows, [{ account: 'a', total: 123 }]);
  });

  test('is waited for by a read of what its caller has written, else answered as it is, or not at all', async () => {
    await using release = await openRelease([board('async')]);
    await release.projector.ready();
    const call = testCall();
    await release.db.uow(call, async (tx) => tx.emit(deposited, { account: 'a', amount: 5 }));
    assert.deepEqual(call.positions.written(), { test: await release.db.log.advance() });
    const stale = call.with({ fallbacks: new FallbackNotes() });
    assert.equal(await release.projector.fresh('account-board', stale, { waitMs: 0 }), false);
    assert.deepEqual(stale.fallbacks.all(), [{ operation: 'test.account-board', kind: 'last-good' }]);
    const failing = release.projector.fresh('account-board', call, { waitMs: 20, otherwise: 'fail' });
    await assert.rejects(failing, failsWith('EVENT_SOURCING_READ_STALE'));
    assert.equal(await release.projector.fresh('account-board', testCall(), { waitMs: 0 }), true, 'others do not wait');
    release.projector.run();
    assert.equal(await release.projector.fresh('account-board', call, { waitMs: 10_000 }), true);
    assert.deepEqual(await release.rows(), [{ account: 'a', balance: 5 }]);
    assert.deepEqual(call.fallbacks.all(), []);
  });

  test('of another service’s events is waited for by how far its log was applied', async () => {
    await using release = await openRelease([]);
    const call = testCall({ positions: new SeenPositions({ other: 1 }) });
    assert.equal(await release.db.freshFrom('other', call, { waitMs: 0 }), false);
    const waiting = release.db.freshFrom('other', call, { waitMs: 10_000 });
    await release.db.deliveries.deliver(foreignMessage(), testCall(), async () => undefined);
    assert.equal(await waiting, true);
  });

  test('that is not there is told from those that are', async () => {
    await using release = await openRelease([board('async')]);
    await assert.rejects(release.projector.rebuild('bord'), failsWith('EVENT_SOURCING_PROJECTION_UNKNOWN'));
  });
});

for (const mode of ['inline', 'async'] as const) {
  test(`a rebuild of an ${mode} projection under load fails no read and misses no row`, async () => {
    await using release = await openRelease([board(mode)]);
    await release.projector.ready();
    release.projector.run();
    const stop = new AbortController();
    let written = 0;
    let reads = 0;
    const writers = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        written += 1;
        await release.deposit(`account-${written % 50}`);
      }
    });
    let seen = 0;
    const reader = (async () => {
      while (!stop.signal.aborted) {
        const { rows } = await sql<{ total: number }>`
          select coalesce(sum(balance), 0)::bigint as total from account_board`.execute(release.db.read);
        reads += 1;
        const total = rows[0]?.total ?? 0;
        assert.ok(total >= seen, `${total} after ${seen}`);
        seen = total;
      }
    })();
    await eventually('there is something to rebuild', async () => written > 500);
    for (let time = 0; time < 5; time += 1) await release.projector.rebuild('account-board');
    stop.abort();
    await Promise.all([...writers, reader]);
    assert.equal(await release.holds('account-board', await release.db.log.advance()), true);
    const total = (await release.rows()).reduce((sum, { balance }) => sum + balance, 0);
    assert.equal(total, written);
    assert.ok(reads > 5, `${reads} reads`);
    assert.equal((await release.projector.tables()).filter(({ state }) => state === 'active').length, 1);
  });
}

describe('building anew in the background', () => {
  const who = { by: 'sora', why: 'a row was wrong', at: 5 };
  const standing = async ({ projector }: Awaited<ReturnType<typeof openRelease>>, state: string) =>
    (await projector.tables('account-board')).find((table) => table.state === state);

  test('begins at once, is paused in every process, goes on, and is shown when it has caught up', async () => {
    await using release = await openRelease([board('async')]);
    await using other = await openRelease([board('async')], { url: release.url });
    await release.projector.ready();
    await release.deposit('a', 5);
    assert.equal(await release.projector.pause('account-board', who), false, 'nothing is being built');
    await release.projector.begin('account-board', who);
    await eventually('it is shown', async () => (await standing(release, 'active'))?.run === 2);
    assert.deepEqual((await standing(release, 'active'))?.asked, who);

    // A paused one is not brought up to date by anybody, nor shown.
    await release.db.uow(testCall(), (tx) =>
      sql`select dure.make_projection('account-board', 1, 3, 'async', 'account',
      '[{"name": "account", "type": "text", "nullable": false}, {"name": "balance", "type": "bigint", "nullable": false}]', '{}')`.execute(
        tx.db,
      ),
    );
    assert.equal(await release.projector.pause('account-board', who), true);
    for (const one of [release, other]) one.projector.run();
    await release.deposit('a', 3);
    assert.ok(await other.holds('account-board', await other.projector.end()));
    const paused = await standing(other, 'building');
    assert.deepEqual([paused?.run, paused?.position, paused?.paused], [3, 0, who]);
    assert.equal(await other.projector.pause('account-board', undefined), true);
    await eventually('it is shown', async () => (await standing(release, 'active'))?.run === 3);
    assert.deepEqual(await release.rows(), [{ account: 'a', balance: 8 }]);
    await assert.rejects(release.projector.begin('nothing', who), failsWith('EVENT_SOURCING_PROJECTION_UNKNOWN'));
  });
});
