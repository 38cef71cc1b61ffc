import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { repository } from '@dure/event-sourcing';
import { sampleAccount } from '@dure/event-sourcing/testing';
import { sql } from 'kysely';
import { postgresEventStore } from './event-sourcing/postgres-event-store.ts';
import type { Tables } from './fixtures/counter-kit.ts';
import { open } from './fixtures/counter-kit.ts';

const orders = Number(process.env.ORDERS ?? 10_000);
const items = 100;
const patient = { poolMaxWaiting: orders, poolWaitMs: 600_000 };

test(`of ${orders} orders at once for ${items} items, ${items} get one: decided by an aggregate, in two processes`, async (context) => {
  await using one = open(patient);
  await using other = open(patient);
  const accounts = repository(sampleAccount, { service: 'test', store: postgresEventStore<Tables>() });
  const stock = ['a', 'b', 'c', 'd'].map((shelf) => `shelf-${shelf}`);
  for (const account of stock)
    await one.uow(testCall(), (tx) => accounts.decide(tx, 'deposit', { account, amount: items / stock.length }));
  const outcomes = { sold: 0, refused: 0, conflicts: 0 };
  const began = performance.now();
  const order = async (number: number) => {
    const account = stock[number % stock.length] ?? '';
    try {
      const db = number % 2 === 0 ? one : other;
      await db.uow(testCall(), (tx) => accounts.decide(tx, 'withdraw', { account, amount: 1 }));
      outcomes.sold += 1;
    } catch (error) {
      if (isRefusal(error)) outcomes.refused += 1;
      else if (codeOf(error) === 'EVENT_SOURCING_CONFLICT') outcomes.conflicts += 1;
      else throw error;
    }
  };
  await Promise.all(Array.from({ length: orders }, (_, number) => order(number)));
  assert.deepEqual(outcomes, { sold: items, refused: orders - items, conflicts: 0 });
  for (const account of stock) {
    const { state } = await one.uow(testCall(), (tx) => accounts.load(tx, account));
    assert.equal(state.balance, 0);
  }
  context.diagnostic(`${orders} decided in ${((performance.now() - began) / 1_000).toFixed(1)} s; nobody gave up`);
});

test(`of ${orders} orders at once for ${items} items, ${items} get one: by a statement of the service's own`, async () => {
  await using one = open(patient);
  await using other = open(patient);
  await one.uow(testCall(), (tx) => tx.db.insertInto('counter').values({ name: 'left', count: items }).execute());
  const take = async (number: number) => {
    const { rows } = await (number % 2 === 0 ? one : other).uow(testCall(), (tx) =>
      sql<{
        count: number;
      }>`update counter set count = count - 1 where name = 'left' and count > 0 returning count`.execute(tx.db),
    );
    return rows.length;
  };
  const sold = await Promise.all(Array.from({ length: orders }, (_, number) => take(number)));
  assert.equal(
    sold.reduce((sum, many) => sum + many, 0),
    items,
  );
  const left = await one.read.selectFrom('counter').select('count').where('name', '=', 'left').executeTakeFirst();
  assert.equal(left?.count, 0);
});
