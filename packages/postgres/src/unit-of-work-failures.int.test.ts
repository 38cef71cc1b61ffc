import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { codeOf, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import {
  clock,
  control,
  count,
  counted,
  database,
  fails,
  keyed,
  kill,
  open,
  pidOf,
  running,
  sleep,
} from './fixtures/counter-kit.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import { until } from './fixtures/until.ts';

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
    assert.equal((await db.health.check()).status, 'UP', 'a busy pool is no dead database');
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

  test('under a read, or while it was idle before one: another answers', async () => {
    await using db = open({ poolSize: 1 });
    const pid = async () => (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db.read)).rows[0]?.pid;
    const first = await pid();
    const reading = sql<{ pid: number }>`select pg_backend_pid() as pid, 'under a read', pg_sleep(0.5)`.execute(
      db.read,
    );
    await until('it sleeps', async () => (await running('under a read')) === 1);
    await kill(first ?? 0);
    const second = (await reading).rows[0]?.pid;
    assert.notEqual(second, first);
    await kill(second ?? 0);
    assert.notEqual(await pid(), second);
  });

  test('under a read every time: the failure is told after three attempts, and may be tried again', async () => {
    await using db = open({ poolSize: 1 });
    await assert.rejects(
      sql`select pg_terminate_backend(pg_backend_pid())`.execute(db.read),
      (error: Error & { retryable?: boolean }) => fails('POSTGRES_CONNECTION_LOST')(error) && error.retryable === true,
    );
    assert.equal((await db.read.selectFrom('counter').selectAll().execute()).length, 0);
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

describe('a migration under a running service', () => {
  test('that changes a table behind a planned statement costs a session, not an error', async () => {
    await using db = open({ poolSize: 1 });
    await using owner = open({ url: database.ownerUrl });
    const look = async () => {
      const read = await db.read.selectFrom('counter').selectAll().where('name', '=', 'a').execute();
      assert.deepEqual(read, []);
      return db.uow(testCall(), (tx) => tx.db.selectFrom('counter').selectAll().where('name', '=', 'a').execute());
    };
    for (let time = 0; time < 3; time += 1) assert.deepEqual(await look(), []);
    await owner.uow(testCall(), (tx) => sql`alter table counter add column added int`.execute(tx.db));
    assert.deepEqual(await look(), []);
    await owner.uow(testCall(), (tx) => sql`alter table counter drop column added`.execute(tx.db));
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
