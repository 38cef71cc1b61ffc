import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layer } from '@dure/core';
import { codeOf } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { bulkhead, circuitBreaker, timeout } from '@dure/resilience';
import { clock, count, counted, database, fails, keyed, open, running, sleep } from './fixtures/counter-kit.ts';
import { slowProxy } from './fixtures/slow-proxy.ts';
import { until } from './fixtures/until.ts';

test('a breaker opens when the database is gone, and refuses at once; what the work does opens none', async () => {
  const proxy = await slowProxy(database.url);
  const breaker = circuitBreaker({ clock, name: 'db' });
  await using db = open({ url: proxy.url, layers: [breaker.layer()] });
  for (let turn = 0; turn < 20; turn += 1) {
    const failing = db.uow(testCall(), async () => {
      throw new TypeError('a defect of the work');
    });
    await assert.rejects(failing, TypeError);
  }
  await assert.rejects(
    db.read
      .selectFrom('counter')
      .select('nothing' as never)
      .execute(),
    /nothing/,
  );
  assert.equal(breaker.state, 'closed');
  await proxy[Symbol.asyncDispose]();
  let asked = 0;
  for (; breaker.state === 'closed'; asked += 1) {
    await assert.rejects(db.uow(testCall(), (tx) => count(tx, 'a')));
    assert.ok(asked < 60, 'it opens');
  }
  const began = clock.monotonicMs();
  await assert.rejects(
    db.uow(testCall(), (tx) => count(tx, 'a')),
    fails('RESILIENCE_BREAKER_OPEN'),
  );
  await assert.rejects(db.read.selectFrom('counter').selectAll().execute(), fails('RESILIENCE_BREAKER_OPEN'));
  assert.ok(clock.monotonicMs() - began < 50);
});

test('a bulkhead bounds the units of work and reads at once, of which it is told as `postgres <service>`', async () => {
  const names = new Set<string>();
  const named: Layer<unknown, unknown> = (next) => (input, call) => {
    names.add(call.operation.name);
    return next(input, call);
  };
  await using db = open({ layers: [named, bulkhead({ clock, name: 'db', most: 2 }).layer()] });
  const began = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const resume = Promise.withResolvers<void>();
  const two = began.map(({ resolve }, at) =>
    db.uow(testCall(), async (tx) => {
      await count(tx, `row ${at}`);
      resolve();
      await resume.promise;
    }),
  );
  await Promise.all(began.map(({ promise }) => promise));
  await assert.rejects(
    db.uow(testCall(), (tx) => count(tx, 'b')),
    fails('RESILIENCE_BULKHEAD_FULL'),
  );
  await assert.rejects(db.read.selectFrom('counter').selectAll().execute(), fails('RESILIENCE_BULKHEAD_FULL'));
  resume.resolve();
  await Promise.all(two);
  await db.uow(testCall(), (tx) => count(tx, 'b'));
  assert.equal((await db.read.selectFrom('counter').selectAll().execute()).length, 3);
  assert.deepEqual([...names], ['postgres test']);
});

test('a timeout before the COMMIT rolls back, and the pool goes on', async () => {
  await using db = open({ poolSize: 1, layers: [timeout({ clock, limitMs: 150 })] });
  const working = db.uow(testCall(), async (tx) => {
    await count(tx, 'a');
    await sleep(tx, 'too long');
  });
  // The layer's timer and the deadline that it hands on end in the same moment.
  await assert.rejects(working, (error) => /^(RESILIENCE_TIMEOUT|POSTGRES_DEADLINE)$/.test(String(codeOf(error))));
  await until('the statement is gone', async () => (await running('too long')) === 0);
  assert.equal(await counted('a'), 0);
  await db.uow(testCall(), (tx) => count(tx, 'a'));
  assert.equal(await counted('a'), 1);
});

test('behind layers a key still takes effect once, for the operation that it was sent to', async () => {
  await using db = open({ layers: [timeout({ clock })] });
  for (let turn = 0; turn < 2; turn += 1)
    assert.equal(
      await db.uow(keyed('behind-layers'), async (tx) => {
        await count(tx, 'a');
        return 'placed';
      }),
      'placed',
    );
  assert.equal(await counted('a'), 1);
});
