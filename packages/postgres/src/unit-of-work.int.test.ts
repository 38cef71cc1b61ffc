import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { foreignMessage, noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import type { Tables } from './fixtures/counter-kit.ts';
import { clock, control, count, counted, database, fails, keyed, open } from './fixtures/counter-kit.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import { until } from './fixtures/until.ts';
import type { Tx } from './transaction.ts';

describe('round trips', () => {
  test('a unit of work makes two: BEGIN with its first statement, the messages with the COMMIT', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 1 });
    const run = (call: Call) =>
      db.uow(call, async (tx) => {
        tx.emit(noted, { key: 'k', count: 1 });
        await count(tx, 'a');
        tx.emit(noted, { key: 'k', count: 2 });
        return { order: 1 };
      });
    await run(testCall());
    proxy.turns = 0;
    await run(testCall());
    assert.equal(proxy.turns, 2);
    proxy.turns = 0;
    await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
    assert.equal(proxy.turns, 1, 'messages alone take one');
    const putOff = () =>
      db.uow(testCall(), async (tx) => tx.schedule('t', { afterMs: 60_000 }, noted, { key: 'k', count: 1 }));
    await putOff();
    proxy.turns = 0;
    await putOff();
    assert.equal(proxy.turns, 1, 'and so do messages that are put off');
    proxy.turns = 0;
    await db.uow(testCall(), async () => undefined);
    assert.equal(proxy.turns, 0, 'nothing takes none');
    await run(keyed('t1'));
    proxy.turns = 0;
    await run(keyed('t2'));
    assert.equal(proxy.turns, 3, 'with a key, one more: the claim must be answered before the work begins');
  });
});

test('nothing that is sent in a unit of work, a delivery or for a follower notifies, and nothing in the schema does', async () => {
  await using proxy = await slowProxy(database.url);
  await using db = open({ url: proxy.url, poolSize: 1 });
  await db.uow(keyed('quiet'), async (tx) => {
    await count(tx, 'quiet');
    tx.emit(noted, { key: 'k', count: 1 });
    tx.schedule('quiet', { afterMs: 1 }, noted, { key: 'k', count: 2 });
  });
  await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 3 }));
  await db.deliveries.deliver(foreignMessage({ source: 'quiet' }), testCall(), async (tx) => {
    await count(tx as Tx<Tables>, 'quiet');
    return undefined;
  });
  await db.log.advance();
  const sent = Buffer.concat(proxy.sent).toString('latin1');
  assert.match(sent, /commit[\s\S]*dure\.take/);
  assert.doesNotMatch(sent, /notify/i);
  const { rows } = await sql<{ proname: string }>`
    select proname from pg_proc where pronamespace = 'dure'::regnamespace and prosrc ~* 'notify'`.execute(control.read);
  assert.deepEqual(rows, []);
});

test('a call is inside a unit of work while one of it is open, in whatever copy, and outside before and after', async () => {
  const call = testCall();
  const seen = [control.inUnit(call)];
  await control.uow(call.with({ baggage: { a: 'copy' } }), async () => {
    seen.push(control.inUnit(call), control.inUnit(testCall()));
  });
  await assert.rejects(
    control.uow(call, async () => {
      throw new TypeError('no');
    }),
  );
  assert.deepEqual([...seen, control.inUnit(call)], [false, true, false, false]);
});

describe('an idempotency key', () => {
  test('that is in use longer than the operation may take is reported as busy', async () => {
    const began = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const first = control.uow(keyed('busy'), () => {
      began.resolve();
      return finish.promise;
    });
    await began.promise;
    await assert.rejects(
      control.uow(keyed('busy', 40), async () => undefined),
      fails('POSTGRES_KEY_BUSY'),
    );
    finish.resolve();
    await first;
  });

  test('is forgotten after its retention, so that the table does not grow for ever', async () => {
    const fake = fakeClock();
    await using db = open({ clock: fake, keyRetentionMs: 60_000 });
    const answers = async () => (await db.idempotency.recall(keyed('old')))?.answer;
    await db.uow(keyed('old'), async () => 'kept');
    await fake.advance(700_000);
    await db.uow(keyed('new'), async () => 'kept');
    await until('the old one is gone', async () => (await answers()) === undefined);
    assert.deepEqual(await db.idempotency.recall(keyed('new')), { answer: 'kept' });
  });

  test('guards one unit of work, and a second in the same call is an error instead of a wrong answer', async () => {
    const call = keyed('spent');
    await control.uow(call, async () => 1);
    await assert.rejects(
      control.uow(call, async () => 2),
      fails('POSTGRES_KEY_SPENT'),
    );
  });
});

describe('mistakes', () => {
  test('a failed statement whose error was swallowed rolls back and says so', async () => {
    const working = control.uow(testCall(), async (tx) => {
      await count(tx, 'a');
      await sql`select 1 / 0`.execute(tx.db).catch(() => undefined);
    });
    await assert.rejects(working, fails('POSTGRES_ROLLED_BACK'));
    assert.equal(await counted('a'), 0);
  });

  test('a transaction that is used after its end throws instead of running elsewhere', async () => {
    let kept: Tx<Tables> | undefined;
    await control.uow(testCall(), async (tx) => {
      kept = tx;
    });
    await assert.rejects(count(kept as Tx<Tables>, 'a'), fails('POSTGRES_UNIT_ENDED'));
  });

  test('a change outside a unit of work is refused', async () => {
    await assert.rejects(control.read.deleteFrom('counter').execute(), fails('POSTGRES_READ_ONLY'));
    await assert.rejects(
      control.read.transaction().execute(async () => undefined),
      fails('POSTGRES_READ_ONLY'),
    );
  });

  test("text that PostgreSQL cannot store is the input's fault", async () => {
    const emit = control.uow(testCall(), async (tx) => tx.emit(noted, { key: 'a\u0000b', count: 1 }));
    await assert.rejects(emit, fails('POSTGRES_DATA_UNSTORABLE'));
    await assert.rejects(
      control.uow(testCall(), (tx) => count(tx, 'a\u0000b')),
      fails('POSTGRES_DATA_UNSTORABLE'),
    );
  });

  test('a saga that the service does not list cannot be started', async () => {
    const start = control.uow(testCall(), async (tx) =>
      tx.start({ kind: 'saga', name: 'checkout' }, undefined as never),
    );
    await assert.rejects(start, fails('POSTGRES_SAGA_UNAVAILABLE'));
  });
});

describe('values', () => {
  test('64-bit integers are checked numbers, points in time are epoch milliseconds', async () => {
    const { rows } = await sql<Record<string, unknown>>`select 9007199254740991::bigint as safe, count(*) as many,
      array[1, null, 3]::bigint[] as list, '2026-11-20 08:52:01.123456+09'::timestamptz as at,
      'infinity'::timestamptz as never, '2026-11-20'::date as day, null::timestamptz as nothing,
      '2026-01-01T00:00:00Z'::timestamptz as whole`.execute(control.read);
    assert.deepEqual(rows[0], {
      safe: Number.MAX_SAFE_INTEGER,
      many: 1,
      list: [1, null, 3],
      at: Date.UTC(2026, 10, 19, 23, 52, 1, 123),
      never: Number.POSITIVE_INFINITY,
      day: '2026-11-20',
      nothing: null,
      whole: Date.UTC(2026, 0, 1),
    });
    const unsafe = sql`select 9007199254740993::bigint as unsafe`.execute(control.read);
    await assert.rejects(unsafe, fails('POSTGRES_NUMBER_UNSAFE'));
  });

  test('SQL goes by the clock that the database was opened with', async () => {
    const fake = fakeClock();
    await using db = open({ clock: fake });
    const { rows } = await db.uow(testCall(), (tx) => sql<{ now: number }>`select dure.now() as now`.execute(tx.db));
    assert.equal(rows[0]?.now, fake.now());
    const real = await sql<{ now: number }>`select dure.now() as now`.execute(control.read);
    assert.ok(Math.abs((real.rows[0]?.now ?? 0) - clock.now()) < 60_000);
  });
});

describe('live changes', () => {
  test('begin with the call: what is committed while the state is looked up is not missed', async () => {
    await using db = open();
    const stop = new AbortController();
    await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'live', count: 1 }));
    const changes = db.changes({ events: ['test.noted'], destination: undefined }, stop.signal);
    await db.log.advance();
    await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'live', count: 2 }));
    for await (const message of changes) {
      assert.deepEqual(message.data, { key: 'live', count: 2 });
      stop.abort();
    }
  });
});
