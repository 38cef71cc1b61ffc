import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { fact, repository } from '@dure/event-sourcing';
import { deposited, eventStoreContract, sampleAccount } from '@dure/event-sourcing/testing';
import { sql } from 'kysely';
import type { Tables } from '../fixtures/counter-kit.ts';
import { control, count, counted, database, open } from '../fixtures/counter-kit.ts';
import { slowProxy } from '../fixtures/slow-proxy.ts';
import { testDatabase } from '../testing/index.ts';
import { postgresEventStore } from './postgres-event-store.ts';

eventStoreContract('PostgreSQL', async () => {
  const files = await testDatabase();
  const db = open({ url: files.url });
  return {
    store: postgresEventStore(),
    uow: db.uow,
    async [Symbol.asyncDispose]() {
      await db.close();
      await files[Symbol.asyncDispose]();
    },
  };
});

const deposit = (account: string, amount = 1) => fact(deposited, { account, amount });

describe('an append', () => {
  test('is one round trip: heads and events in one statement, which is a transaction by itself', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 1 });
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    const append = (id: string) =>
      db.uow(testCall(), async (tx) => accounts.append(tx, id, [deposit(id), deposit(id)], 'none'));
    await append('first'); // Opens the connection.
    proxy.turns = 0;
    proxy.sent.length = 0;
    await append('second');
    assert.equal(proxy.turns, 1);
    const log = Buffer.concat(proxy.sent).toString('latin1');
    assert.deepEqual(
      log.match(/begin isolation|dure\.\w+|\bcommit\b|notify/gi)?.map((word) => word.toLowerCase()),
      ['dure.flush'],
    );
  });

  test('after a decision is one round trip behind the one that read', async () => {
    await using proxy = await slowProxy(database.url);
    await using db = open({ url: proxy.url, poolSize: 1 });
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    const run = () => db.uow(testCall(), (tx) => accounts.decide(tx, 'deposit', { account: 'trips', amount: 1 }));
    await run();
    await run();
    proxy.turns = 0;
    await run(); // The third event: it takes its snapshot along.
    assert.equal(proxy.turns, 2);
  });

  test('gives later versions later positions, whatever else its transaction writes', async () => {
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        control.uow(testCall(), async (tx) => {
          await count(tx, 'order');
          accounts.append(tx, 'order', [deposit('order')], 'any');
        }),
      ),
    );
    const { rows } = await sql<{ version: number }>`select stream_version as version from dure.log
      where stream = 'account:order' order by pos`.execute(control.read);
    assert.deepEqual(
      rows.map(({ version }) => version),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});

describe('a unit of work that conflicts', () => {
  test('takes back everything it did before it runs again', async () => {
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    let tries = 0;
    await control.uow(testCall(), async (tx) => {
      tries += 1;
      await count(tx, 'conflict');
      await accounts.decide(tx, 'deposit', { account: 'conflict', amount: 1 });
      if (tries > 1) return;
      const rival = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
      await control.uow(testCall(), (other) => rival.decide(other, 'deposit', { account: 'conflict', amount: 9 }));
    });
    assert.deepEqual([tries, await counted('conflict')], [2, 1]);
  });

  test('waits for the streams it read from the second run on, so that fifty rivals all get their turn', async () => {
    await using db = open({ poolSize: 10 });
    const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
    await db.uow(testCall(), async (tx) => accounts.append(tx, 'rivals', [deposit('rivals', 40)], 'none'));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        db.uow(testCall(), (tx) => accounts.decide(tx, 'withdraw', { account: 'rivals', amount: 1 })),
      ),
    );
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const reason of failed) assert.ok(isRefusal(reason), String(reason));
    assert.equal(failed.length, 10);
  });
});
