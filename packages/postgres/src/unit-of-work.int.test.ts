import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { codeOf, ids, plainOperation, systemClock, systemRandom, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { noted } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import type { Database, DatabaseOptions } from './database.ts';
import { openDatabase } from './database.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import type { TestDatabase } from './testing/index.ts';
import { testDatabase } from './testing/index.ts';
import type { Tx } from './transaction.ts';

interface Tables {
  counter: { name: string; count: number };
}

const clock = systemClock;
let database: TestDatabase;
let control: Database<Tables>;

function open(change: Partial<DatabaseOptions> = {}): Database<Tables> {
  return openDatabase<Tables>({
    url: database.url,
    service: 'test',
    clock,
    ids: ids(clock, systemRandom),
    telemetry: silentTelemetry(),
    ...change,
  });
}

before(async () => {
  database = await testDatabase({ folder: `${import.meta.dirname}/fixtures/counter` });
  control = open();
});
after(async () => {
  await control.close();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await control.uow(testCall(), (tx) => tx.db.deleteFrom('counter').execute());
});

async function count(tx: Tx<Tables>, name: string): Promise<void> {
  await tx.db
    .insertInto('counter')
    .values({ name, count: 1 })
    .onConflict((on) => on.column('name').doUpdateSet({ count: sql`counter.count + 1` }))
    .execute();
}

async function counted(name: string): Promise<number> {
  const row = await control.read.selectFrom('counter').select('count').where('name', '=', name).executeTakeFirst();
  return row?.count ?? 0;
}

function fails(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal(codeOf(error), code, String(error));
    return true;
  };
}

/** How many sessions run a statement that contains the text. */
async function running(text: string): Promise<number> {
  const { rows } = await sql<{ many: number }>`select count(*) as many from pg_stat_activity
    where state = 'active' and pid <> pg_backend_pid() and query like ${`%${text}%`}`.execute(control.read);
  return rows[0]?.many ?? 0;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 3_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, `it did not come true in 3 s that ${what}`);
    await wait(clock, 5);
  }
}

const sleep = (tx: Tx<Tables>, mark: string) => sql`select pg_sleep(20), ${sql.lit(mark)}`.execute(tx.db);
const pidOf = async (tx: Tx<Tables>) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db)).rows[0]?.pid ?? 0;
const kill = (pid: number) => sql`select pg_terminate_backend(${pid}, 2000)`.execute(control.read);

describe('the end of a call', () => {
  test('a caller who leaves cancels the statement at once, and the pool goes on', async () => {
    await using db = open({ poolSize: 1 });
    const left = new AbortController();
    const working = db.uow(testCall({ signal: left.signal }), (tx) => sleep(tx, 'left'));
    await until('it sleeps', async () => (await running('left')) === 1);
    const began = clock.monotonicMs();
    left.abort();
    await assert.rejects(working, fails('POSTGRES_CANCELLED'));
    assert.ok(clock.monotonicMs() - began < 500);
    await until('the statement is gone', async () => (await running('left')) === 0);
    await db.uow(testCall(), (tx) => count(tx, 'a'));
    assert.equal(await counted('a'), 1);
  });

  test('a deadline rolls back what runs', async () => {
    await using db = open();
    const call = testCall({ deadline: clock.now() + 60 });
    const working = db.uow(call, async (tx) => {
      await count(tx, 'a');
      await sleep(tx, 'late');
    });
    await assert.rejects(working, fails('POSTGRES_DEADLINE'));
    await until('the statement is gone', async () => (await running('late')) === 0);
    assert.equal(await counted('a'), 0);
  });

  test('work that waits for something else is left alone and can do no harm later', async () => {
    await using db = open();
    const left = new AbortController();
    const began = Promise.withResolvers<void>();
    const resume = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const working = db.uow(testCall({ signal: left.signal }), async (tx) => {
      began.resolve();
      await resume.promise;
      await count(tx, 'a').catch(late.resolve);
    });
    await began.promise;
    left.abort();
    await assert.rejects(working, fails('POSTGRES_CANCELLED'));
    resume.resolve();
    assert.equal(codeOf(await late.promise), 'POSTGRES_UNIT_ENDED');
  });

  test('a call that has ended begins nothing', async () => {
    const never = () => assert.fail('must not run');
    await assert.rejects(control.uow(testCall({ signal: AbortSignal.abort() }), never), fails('POSTGRES_CANCELLED'));
    await assert.rejects(control.uow(testCall({ deadline: clock.now() - 1 }), never), fails('POSTGRES_DEADLINE'));
  });
});

describe('the pool', () => {
  test('turns away whoever would wait too long, and whoever finds the line full', async () => {
    await using db = open({ poolSize: 1, poolWaitMs: 30, poolMaxWaiting: 1 });
    const began = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const holding = db.uow(testCall(), () => {
      began.resolve();
      return finish.promise;
    });
    await began.promise;
    const increment = (call: Call) => db.uow(call, (tx) => count(tx, 'a'));
    const waiting = increment(testCall());
    await assert.rejects(increment(testCall()), /1 callers wait already/);
    await assert.rejects(waiting, fails('POSTGRES_POOL_BUSY'));
    const left = new AbortController();
    const leaving = increment(testCall({ signal: left.signal }));
    await wait(clock, 1);
    left.abort();
    await assert.rejects(leaving, fails('POSTGRES_CANCELLED'));
    await assert.rejects(increment(testCall({ deadline: clock.now() + 10 })), fails('POSTGRES_DEADLINE'));
    finish.resolve();
    await holding;
    await increment(testCall());
    assert.equal(await counted('a'), 1);
  });

  test('many callers share few connections, and all are served', async () => {
    await using db = open({ poolSize: 3 });
    await Promise.all(Array.from({ length: 100 }, () => db.uow(testCall(), (tx) => count(tx, 'a'))));
    assert.equal(await counted('a'), 100);
  });

  test('a database that cannot be reached says which and why', async () => {
    const nowhere = new URL(database.url);
    nowhere.port = '1';
    nowhere.password = 'hush';
    await using db = open({ url: nowhere.href });
    await assert.rejects(
      db.uow(testCall(), (tx) => count(tx, 'a')),
      (error: Error) => {
        assert.match(error.message, /127\.0\.0\.1:1/);
        assert.doesNotMatch(error.message, /hush/);
        return fails('POSTGRES_CONNECT_FAILED')(error);
      },
    );
    assert.equal((await db.health.check()).status, 'DOWN');
  });

  test('after closing nothing is served', async () => {
    const db = open();
    assert.equal((await db.health.check()).status, 'UP');
    await db.close();
    await db.close();
    await assert.rejects(
      db.uow(testCall(), (tx) => count(tx, 'a')),
      fails('POSTGRES_CONNECTION_LOST'),
    );
  });
});

describe('a connection that breaks', () => {
  test('before the COMMIT: the work runs again and is committed once', async () => {
    await using db = open({ poolSize: 1 });
    let attempts = 0;
    await db.uow(testCall(), async (tx) => {
      attempts += 1;
      await count(tx, 'a');
      tx.emit(noted, { key: 'broken', count: attempts });
      if (attempts === 1) await kill(await pidOf(tx));
    });
    assert.equal(attempts, 2);
    assert.equal(await counted('a'), 1);
  });

  test('while it was idle: the next unit of work does not notice', async () => {
    await using db = open({ poolSize: 1 });
    const pid = await db.uow(testCall(), pidOf);
    await kill(pid);
    await db.uow(testCall(), (tx) => count(tx, 'a'));
    assert.equal(await counted('a'), 1);
  });

  test('every time: the failure is told after five attempts', async () => {
    await using db = open({ poolSize: 1 });
    let attempts = 0;
    const working = db.uow(testCall(), async (tx) => {
      attempts += 1;
      await kill(await pidOf(tx));
    });
    await assert.rejects(working, fails('POSTGRES_CONNECTION_LOST'));
    assert.equal(attempts, 5);
  });

  test('during the COMMIT: the outcome is unknown, and the same key finds it out', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url });
    const call = keyed('lost');
    let runs = 0;
    const place = () =>
      db.uow(call.with({}), async (tx) => {
        runs += 1;
        await count(tx, 'a');
        return { order: 7 };
      });
    proxy.loseAnswerTo = 'commit\u0000'; // BEGIN says "read committed".
    await assert.rejects(place(), fails('POSTGRES_OUTCOME_UNKNOWN'));
    await until('the server has committed', async () => (await counted('a')) === 1);
    assert.deepEqual(await place(), { order: 7 });
    assert.equal(runs, 1);
    assert.equal(await counted('a'), 1);
  });
});

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
    await run(keyed('t1'));
    proxy.turns = 0;
    await run(keyed('t2'));
    assert.equal(proxy.turns, 3, 'with a key, one more: the claim must be answered before the work begins');
  });
});

describe('collisions', () => {
  test('units of work that deadlock both succeed in the end', async () => {
    await using db = open();
    await db.uow(testCall(), async (tx) => {
      await count(tx, 'a');
      await count(tx, 'b');
    });
    let attempts = 0;
    let arrived = 0;
    const both = Promise.withResolvers<void>();
    const cross = (first: string, second: string) =>
      db.uow(testCall(), async (tx) => {
        attempts += 1;
        await count(tx, first);
        arrived += 1;
        if (arrived === 2) both.resolve();
        await both.promise;
        await count(tx, second);
        tx.emit(noted, { key: first, count: attempts });
      });
    await Promise.all([cross('a', 'b'), cross('b', 'a')]);
    assert.equal(attempts, 3);
    assert.deepEqual([await counted('a'), await counted('b')], [3, 3]);
  });

  test('a unit of work that collides every time gives up and names the collision', async () => {
    let attempts = 0;
    const collision = `do $$ begin raise exception 'could not serialize' using errcode = '40001'; end $$`;
    const working = control.uow(testCall(), async (tx) => {
      attempts += 1;
      await sql.raw(collision).execute(tx.db);
    });
    await assert.rejects(working, (error: Error) => {
      assert.match(String(error.cause), /could not serialize/);
      return fails('POSTGRES_CONTENTION')(error);
    });
    assert.equal(attempts, 5);
  });
});

function keyed(key: string, timeoutMs = 5_000): Call {
  const operation = { ...plainOperation('test', 'place'), idempotent: 'key', timeoutMs } as const;
  return testCall({ operation, idempotencyKey: key, inputHash: 'h' });
}

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
