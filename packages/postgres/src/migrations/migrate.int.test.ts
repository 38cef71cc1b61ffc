import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { codeOf, isDureError, systemClock, wait } from '@dure/core';
import { connected } from '../provisioning/connect.ts';
import { testDatabase } from '../testing/index.ts';
import type { MigrateOptions } from './migrate.ts';
import { migrate } from './migrate.ts';

type Files = Readonly<Record<string, string>>;

interface Bench extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  readonly serviceUrl: string;
  write(files: Files): Promise<void>;
  remove(file: string): Promise<void>;
  run(change?: Partial<MigrateOptions>): Promise<readonly string[]>;
}

async function bench(files: Files): Promise<Bench> {
  const database = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'dure-migrate-'));
  const made: Bench = {
    url: database.ownerUrl,
    serviceUrl: database.url,
    folder,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
    },
    remove: (file) => rm(join(folder, file)),
    async run(change = {}) {
      const options = { url: database.ownerUrl, service: 'order', folder, seeds: true, clock: systemClock, ...change };
      return (await migrate(options)).applied;
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
      await database[Symbol.asyncDispose]();
    },
  };
  await made.write(files);
  return made;
}

const two: Files = {
  'migrations/0001-create-orders.sql': 'CREATE TABLE orders (id int PRIMARY KEY);',
  'migrations/0002-add-state.sql': "ALTER TABLE orders ADD state text NOT NULL DEFAULT 'pending';",
  'seeds/0001-some-orders.sql': 'INSERT INTO orders (id) VALUES (1), (2);',
};

const hasCode = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.equal(codeOf(error), code);
  assert.match(error instanceof Error ? error.message : '', pattern);
  return true;
};

test('migrations run once, in order, and then seeds', async () => {
  await using order = await bench(two);
  assert.deepEqual(await order.run(), [
    'order/0001-create-orders.sql',
    'order/0002-add-state.sql',
    'order/seeds/0001-some-orders.sql',
  ]);
  assert.deepEqual(await order.run(), []);
  const { rows } = await connected(order.serviceUrl, (client) =>
    client.query('SELECT id, state FROM orders ORDER BY id'),
  );
  assert.deepEqual(rows, [
    { id: 1, state: 'pending' },
    { id: 2, state: 'pending' },
  ]);
});

test('seeds do not run in production', async () => {
  await using order = await bench(two);
  assert.equal((await order.run({ seeds: false })).length, 2);
});

test('two processes that migrate at once apply everything once', async () => {
  await using order = await bench(two);
  const runs = await Promise.all([order.run(), order.run(), order.run()]);
  assert.equal(runs.flat().length, 3);
});

test('a failing migration names file, line, column, reason and state, and leaves nothing of itself', async () => {
  await using order = await bench(two);
  await order.write({
    'migrations/0003-broken.sql': 'CREATE TABLE half (a int);\n-- 주석\nALTER TABLE orders\n  ADD other nonsense;\n',
  });
  await assert.rejects(order.run(), (error: unknown) => {
    hasCode(
      'POSTGRES_MIGRATION_FAILED',
      /0003-broken\.sql, line 4, column 13 \(service order\): type "nonsense" does not exist.*42704/,
    )(error);
    assert.deepEqual(isDureError(error) && [error.details.line, error.details.sqlState], [4, '42704']);
    return true;
  });
  await order.write({ 'migrations/0003-broken.sql': 'CREATE TABLE half (a int);' });
  assert.deepEqual(await order.run(), ['order/0003-broken.sql', 'order/seeds/0001-some-orders.sql']);
});

test('a migration that ends its transaction itself is refused before it runs', async () => {
  await using order = await bench({ 'migrations/0001-a.sql': 'CREATE TABLE a (b int);\nCOMMIT;\n' });
  await assert.rejects(
    order.run(),
    hasCode('POSTGRES_MIGRATION_FAILED', /0001-a\.sql, line 2 .*"COMMIT" is not allowed/),
  );
});

test('a migration that was changed after it was applied is found', async () => {
  await using order = await bench(two);
  await order.run();
  await order.write({ 'migrations/0002-add-state.sql': 'SELECT 1;' });
  await assert.rejects(
    order.run(),
    hasCode('POSTGRES_MIGRATION_CHANGED', /0002-add-state\.sql was changed .*new file/),
  );
});

test('line ends do not count as a change', async () => {
  await using order = await bench({ 'migrations/0001-a.sql': 'CREATE TABLE a (b int);\nSELECT 1;\n' });
  await order.run();
  await order.write({ 'migrations/0001-a.sql': 'CREATE TABLE a (b int);\r\nSELECT 1;\r\n' });
  assert.deepEqual(await order.run(), []);
});

test('a file that is gone or comes too late is found', async () => {
  await using order = await bench(two);
  await order.run();
  await order.write({ 'migrations/0000-late.sql': 'SELECT 1;' });
  await assert.rejects(
    order.run(),
    hasCode('POSTGRES_MIGRATION_ORDER', /0000-late\.sql is new but stands before 0002-add-state/),
  );
  await order.remove('migrations/0000-late.sql');
  await order.remove('migrations/0001-create-orders.sql');
  await assert.rejects(order.run(), hasCode('POSTGRES_MIGRATION_ORDER', /0001-create-orders\.sql .*the file is gone/));
});

test('a misnamed file and a number that is used twice are refused', async () => {
  await using misnamed = await bench({ 'migrations/2-Orders.sql': '' });
  await assert.rejects(misnamed.run(), hasCode('POSTGRES_MIGRATION_NAME', /2-Orders\.sql is not named like/));
  await using twice = await bench({ 'migrations/0001-a.sql': '', 'migrations/0001-b.sql': '' });
  await assert.rejects(
    twice.run(),
    hasCode('POSTGRES_MIGRATION_NAME', /0001-a\.sql and 0001-b\.sql .*same number 0001/),
  );
});

test('a lock that another session keeps is reported', async () => {
  await using order = await bench(two);
  await connected(order.url, async (holder) => {
    await holder.query('SELECT pg_advisory_lock(7305873901)');
    await assert.rejects(order.run({ lockTimeoutMs: 50 }), hasCode('POSTGRES_MIGRATION_LOCKED', /for 50 ms/));
  });
});

test('a connection that is lost while it waits for its turn is called so', async () => {
  await using order = await bench(two);
  await connected(order.url, async (holder) => {
    await holder.query('SELECT pg_advisory_lock(7305873901)');
    const waits = assert.rejects(order.run(), hasCode('POSTGRES_CONNECTION_LOST', /before the database of order/));
    const endWaiting = `select pg_terminate_backend(l.pid) from pg_locks l
      where l.locktype = 'advisory' and not l.granted and l.database = (select oid from pg_database where datname = current_database())`;
    while ((await holder.query(endWaiting)).rows.length === 0) await wait(systemClock, 10);
    await waits;
  });
});

describe('a migration whose table is in use', () => {
  const change = { 'migrations/0003-add-total.sql': 'ALTER TABLE orders ADD total int;' };
  /** Somebody who has read `orders` and does not end the transaction; ends when `work` does. */
  const dawdling = (url: string, work: (end: () => Promise<unknown>) => Promise<void>) =>
    connected(`${url}?application_name=report`, async (client) => {
      await client.query('BEGIN; SELECT FROM orders');
      await work(() => client.query('COMMIT'));
    });
  /** Reads `orders` again and again until `until` has come; the slowest read, in milliseconds. */
  const slowestRead = (url: string, until: Promise<unknown>) =>
    connected(url, async (client) => {
      const stop = new AbortController();
      void until.then(
        () => stop.abort(),
        () => stop.abort(),
      );
      let slowestMs = 0;
      while (!stop.signal.aborted) {
        const began = systemClock.monotonicMs();
        await client.query('SELECT FROM orders');
        slowestMs = Math.max(slowestMs, systemClock.monotonicMs() - began);
      }
      return slowestMs;
    });

  test('lets others through while it waits, and comes to its turn', async () => {
    await using order = await bench(two);
    await order.run();
    await order.write(change);
    await dawdling(order.serviceUrl, async (end) => {
      const running = order.run();
      const reading = slowestRead(order.serviceUrl, running);
      await wait(systemClock, 3_000);
      await end();
      assert.deepEqual(await running, ['order/0003-add-total.sql']);
      const slowestMs = await reading;
      assert.ok(slowestMs > 300 && slowestMs < 2_000, `the slowest read took ${slowestMs} ms`);
    });
  });

  test('gives up in the end, says whom it has waited for, and has changed nothing', async () => {
    await using order = await bench(two);
    await order.run();
    await order.write(change);
    await dawdling(order.serviceUrl, async () => {
      const running = order.run({ lockTimeoutMs: 1_500 });
      await assert.rejects(
        running,
        hasCode(
          'POSTGRES_MIGRATION_BLOCKED',
          /0003-add-total\.sql \(service order\) did not get a lock that report \(process \d+\) holds, in [23] attempts/,
        ),
      );
    });
    assert.deepEqual(await order.run(), ['order/0003-add-total.sql']);
  });

  test('waits for as long as it says itself', async () => {
    await using order = await bench(two);
    await order.run();
    await order.write({
      'migrations/0003-add-total.sql': `SET LOCAL lock_timeout = '20s'; ALTER TABLE orders ADD total int;`,
    });
    await dawdling(order.serviceUrl, async (end) => {
      const running = order.run({ lockTimeoutMs: 100 });
      await wait(systemClock, 1_200);
      await end();
      assert.deepEqual(await running, ['order/0003-add-total.sql']);
    });
  });

  test('gives way to a unit of work that waits for it in turn', async () => {
    await using order = await bench(two);
    await order.run();
    await order.write({
      'migrations/0003-rows.sql': 'LOCK TABLE orders; SELECT pg_sleep(0.2); UPDATE other SET a = 1;',
    });
    await connected(order.url, async (owner) => {
      await owner.query(`CREATE TABLE other (a int); INSERT INTO other VALUES (0)`);
      await owner.query('BEGIN; UPDATE other SET a = 2');
      const running = order.run();
      await wait(systemClock, 150);
      await owner.query('SELECT FROM orders');
      await owner.query('COMMIT');
      assert.deepEqual(await running, ['order/0003-rows.sql']);
    });
  });
});
