import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf, isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { UnitOfWork } from '@dure/messaging';
import type { EventStore, ExpectedVersion } from '../event-store.port.ts';
import { fact } from '../fact.ts';
import type { Repository } from '../repository.ts';
import { repository } from '../repository.ts';
import { deposited, sampleAccount } from './sample-aggregate.ts';

/** What an adapter shows of itself to the contract suite. Its service is named `test`. */
export interface EventStoreUnderTest<Tx> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly store: EventStore<Tx>;
}

const deposit = (amount: number, account = 'a') => fact(deposited, { account, amount });

const conflict = (version: number) => (error: unknown) => {
  assert.equal(codeOf(error), 'EVENT_SOURCING_CONFLICT', String(error));
  assert.equal((error as { details: { version: number } }).details.version, version);
  return true;
};

/** The contract of `EventStore`, for every adapter. */
export function eventStoreContract<Tx>(name: string, open: () => Promise<EventStoreUnderTest<Tx>>): void {
  const accounts = ({ store }: EventStoreUnderTest<Tx>) => repository(sampleAccount, { service: 'test', store });
  const read = (under: EventStoreUnderTest<Tx>) =>
    under.uow(testCall(), (tx) => under.store.read(tx, 'account:a', 0, 10));
  const append = (under: EventStoreUnderTest<Tx>, expected: ExpectedVersion, amount = 1) =>
    under.uow(testCall(), async (tx) => accounts(under).append(tx, 'a', [deposit(amount)], expected));

  describe(`${name}: expected versions`, () => {
    const cases: readonly (readonly [ExpectedVersion, 'new' | 'old', boolean])[] = [
      ['any', 'new', true],
      ['any', 'old', true],
      ['none', 'new', true],
      ['none', 'old', false],
      ['exists', 'new', false],
      ['exists', 'old', true],
      [1, 'old', true],
      [0, 'old', false],
      [2, 'old', false],
      [0, 'new', true],
      [1, 'new', false],
    ];
    for (const [expected, age, fits] of cases) {
      test(`"${expected}" ${fits ? 'fits' : 'does not fit'} a stream that is ${age}`, async () => {
        await using under = await open();
        const version = age === 'new' ? 0 : 1;
        if (age === 'old') await append(under, 'none');
        if (fits) await append(under, expected);
        else await assert.rejects(append(under, expected), conflict(version));
        assert.equal((await read(under)).length, version + (fits ? 1 : 0));
      });
    }

    test('a second append in the same unit of work stands upon the first', async () => {
      await using under = await open();
      await under.uow(testCall(), async (tx) => {
        accounts(under).append(tx, 'a', [deposit(1)], 'none');
        accounts(under).append(tx, 'a', [deposit(2)], 1);
        assert.throws(() => accounts(under).append(tx, 'a', [deposit(3)], 5), conflict(2));
        assert.throws(() => accounts(under).append(tx, 'a', [deposit(3)], 'none'), conflict(2));
      });
      assert.deepEqual(await balance(accounts(under), under), { balance: 3, version: 2 });
    });
  });

  describe(`${name}: instances`, () => {
    test('an instance is the sum of its events, also of those that wait for the commit', async () => {
      await using under = await open();
      await under.uow(testCall(), async (tx) => {
        assert.deepEqual(await accounts(under).decide(tx, 'deposit', { account: 'a', amount: 5 }), { balance: 5 });
        assert.deepEqual(await accounts(under).decide(tx, 'withdraw', { account: 'a', amount: 2 }), { balance: 3 });
        assert.equal((await accounts(under).load(tx, 'a')).version, 2);
      });
      assert.deepEqual(await balance(accounts(under), under), { balance: 3, version: 2 });
      assert.deepEqual(await balance(accounts(under), under, 'other'), { balance: 0, version: 0 });
    });

    test('a refused decision throws what it declared and leaves nothing', async () => {
      await using under = await open();
      await append(under, 'none', 3);
      const refused = under.uow(testCall(), (tx) =>
        accounts(under).decideAll(tx, 'withdraw', [
          { account: 'a', amount: 2 },
          { account: 'a', amount: 2 },
        ]),
      );
      await assert.rejects(refused, (error) => {
        assert.ok(isRefusal(error), String(error));
        assert.deepEqual([error.service, error.operation, error.code], ['test', 'withdraw', 'Overdrawn']);
        assert.deepEqual([error.data, error.status], [{ balance: 1 }, 409]);
        return true;
      });
      assert.deepEqual(await balance(accounts(under), under), { balance: 3, version: 1 });
    });

    test('a decision without facts appends nothing', async () => {
      await using under = await open();
      await under.uow(testCall(), (tx) => accounts(under).decide(tx, 'close', { account: 'a' }));
      assert.deepEqual(await read(under), []);
    });

    test('a decision on a stream that moves on meanwhile is made again, on what is there then', async () => {
      await using under = await open();
      let tries = 0;
      await under.uow(testCall(), async (tx) => {
        tries += 1;
        const loaded = await accounts(under).decide(tx, 'deposit', { account: 'a', amount: 1 });
        if (tries === 1) await append(under, 'any', 10);
        assert.equal(loaded.balance, tries === 1 ? 1 : 11);
      });
      assert.equal(tries, 2);
      assert.deepEqual(await balance(accounts(under), under), { balance: 11, version: 2 });
    });

    test('twenty withdrawals at once take no more than there is', async () => {
      await using under = await open();
      await append(under, 'none', 12);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () =>
          under.uow(testCall(), (tx) => accounts(under).decide(tx, 'withdraw', { account: 'a', amount: 1 })),
        ),
      );
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      for (const { reason } of refused) assert.ok(isRefusal(reason), String(reason));
      assert.equal(refused.length, 8);
      assert.deepEqual(await balance(accounts(under), under), { balance: 0, version: 13 });
    });
  });

  describe(`${name}: reading`, () => {
    test('a stream is read in pages, in order, and a snapshot stands for what lies before it', async () => {
      await using under = await open();
      for (let amount = 1; amount <= 7; amount += 1) {
        await under.uow(testCall(), (tx) => accounts(under).decide(tx, 'deposit', { account: 'a', amount }));
      }
      const pages: (readonly number[])[] = [];
      await under.uow(testCall(), async (tx) => {
        for await (const page of accounts(under).history(tx, 'a', 3)) pages.push(page.map(({ version }) => version));
      });
      assert.deepEqual(pages, [[1, 2, 3], [4, 5, 6], [7]]);
      const load = (codeVersion: number) =>
        under.uow(testCall(), (tx) => under.store.load(tx, ['account:a', 'account:b'], codeVersion));
      const [stored, none] = await load(1);
      assert.deepEqual(stored?.snapshot, { version: 6, state: { balance: 21 } });
      assert.deepEqual([stored?.events.map(({ version }) => version), stored?.version], [[7], 7]);
      assert.deepEqual([none?.snapshot, none?.events, none?.version], [undefined, [], 0]);
      const [other] = await load(2);
      assert.equal(other?.snapshot, undefined, 'a snapshot of another code version is not used');
      assert.equal(other?.events.length, 7);
      assert.deepEqual(await balance(accounts(under), under), { balance: 28, version: 7 });
    });

    test('a stream of more events than one read brings is read whole', async () => {
      await using under = await open();
      const facts = Array.from({ length: 2_500 }, () => deposit(1, 'long'));
      await under.uow(testCall(), async (tx) => accounts(under).append(tx, 'long', facts, 'none'));
      assert.deepEqual(await balance(accounts(under), under, 'long'), { balance: 2_500, version: 2_500 });
    });
  });

  function balance<K extends string, D>(
    opened: Repository<Tx, { balance: number }, K, D>,
    under: EventStoreUnderTest<Tx>,
    account = 'a',
  ) {
    return under.uow(testCall(), async (tx) => {
      const { state, version } = await opened.load(tx, account);
      return { ...state, version };
    });
  }
}
