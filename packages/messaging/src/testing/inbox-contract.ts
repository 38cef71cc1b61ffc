import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message } from '../message.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { OpenParkingDatabase, ParkingDatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { failure, id } from './sample-failure.ts';

/** The contract of deliveries that are recognised by their ids, and of batches; it belongs to `DeliveryStore`. */
export function inboxContract<Tx extends Outbox>(name: string, open: OpenParkingDatabase<Tx>): void {
  describe(`${name}: deliveries by id`, () => {
    const way = { by: 'id', stream: 'queue' } as const;
    const apply = (db: ParkingDatabaseUnderTest<Tx>, message: Message) =>
      db.deliveries.deliver(
        message,
        testCall(),
        async (tx) => {
          await db.count(tx, 'applied');
          return undefined;
        },
        way,
      );
    const numbered = (...numbers: readonly number[]) =>
      numbers.map((number) => foreignMessage({ position: number, id: id(number), key: `k${number % 2}` }));

    test('a message is applied once, in whatever order and however often it comes', async () => {
      await using db = await open();
      const [first = foreignMessage(), second = foreignMessage()] = numbered(1, 2);
      assert.equal(await apply(db, second), 'applied');
      assert.equal(await apply(db, first), 'applied');
      assert.equal(await apply(db, second), 'duplicate');
      assert.equal(await db.counted('applied'), 2);
      assert.equal(await db.deliveries.position('queue'), 0);
      assert.equal(
        await db.deliveries.deliver(first, testCall(), async () => undefined, { by: 'id' }),
        'applied',
        'in another stream',
      );
    });

    test('of rivals that apply one message at the same time, one succeeds', async () => {
      await using db = await open();
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => apply(db, foreignMessage())));
      assert.deepEqual(outcomes.toSorted(), ['applied', 'duplicate', 'duplicate', 'duplicate']);
      assert.equal(await db.counted('applied'), 1);
    });

    test('an effect that fails is forgotten, and the next try applies', async () => {
      await using db = await open();
      const failing = db.deliveries.deliver(
        foreignMessage(),
        testCall(),
        () => Promise.reject(new TypeError('no')),
        way,
      );
      await assert.rejects(failing, /no/);
      assert.equal(await apply(db, foreignMessage()), 'applied');
    });

    test('a command that comes again is answered again, and the same', async () => {
      await using db = await open();
      const command = foreignMessage({ kind: 'command', type: 'test.hold', destination: 'test' });
      for (const value of [1, 2, 3])
        await db.deliveries.deliver(command, testCall(), async () => ({ ok: true, value }), way);
      const refused = { ...command, id: id(2) };
      for (const left of [1, 2])
        await db.deliveries.deliver(
          refused,
          testCall(),
          async () => {
            throw new Refusal({ service: 'test', operation: 'hold', code: 'OutOfStock', data: { left }, status: 409 });
          },
          way,
        );
      const { messages } = await db.log.read(0, { events: [], destination: 'other' }, 10);
      assert.deepEqual(
        messages.map(({ data }) => data),
        [
          ...[1, 2, 3].map(() => ({ ok: true, value: 1 })),
          ...[1, 2].map(() => ({ ok: false, refusal: { code: 'OutOfStock', data: { left: 1 } } })),
        ],
      );
    });

    test('a parked command is answered again once it was applied', async () => {
      await using db = await open();
      const command = foreignMessage({ kind: 'command', type: 'test.hold', destination: 'test' });
      assert.equal(await db.deliveries.park(command, failure(), way), 'parked');
      assert.equal(await db.deliveries.park(command, failure(), way), 'duplicate');
      const first = await db.deliveries.parked.first('queue', 'k');
      assert.ok(first !== undefined);
      await db.deliveries.parked.apply(first, testCall(), async () => ({ ok: true, value: 7 }));
      assert.equal(
        await db.deliveries.deliver(command, testCall(), async () => ({ ok: true, value: 8 }), way),
        'duplicate',
      );
      const { messages } = await db.log.read(0, { events: [], destination: 'other' }, 10);
      assert.deepEqual(
        messages.map(({ data }) => data),
        [
          { ok: true, value: 7 },
          { ok: true, value: 7 },
        ],
      );
    });

    test('later messages of a parked key wait behind it', async () => {
      await using db = await open();
      const [one = foreignMessage(), two = foreignMessage(), three = foreignMessage()] = numbered(1, 2, 3);
      await db.deliveries.park(one, failure(), way);
      assert.equal(await apply(db, three), 'parked');
      assert.equal(await apply(db, two), 'applied');
      assert.equal(await apply(db, three), 'duplicate');
    });

    for (const by of ['position', 'id'] as const) {
      const batch = (db: ParkingDatabaseUnderTest<Tx>, ...numbers: readonly number[]) =>
        db.deliveries.deliverBatch(
          numbered(...numbers),
          testCall(),
          async (tx, messages) => {
            for (const { position } of messages) await db.count(tx, `${position}`);
          },
          { by, stream: 'queue' },
        );

      test(`a batch by ${by} applies what is new in one transaction`, async () => {
        await using db = await open();
        assert.deepEqual(await batch(db, 1, 2), ['applied', 'applied']);
        assert.deepEqual(await batch(db, 2, 3), ['duplicate', 'applied']);
        assert.deepEqual(await batch(db, 1, 3), ['duplicate', 'duplicate']);
        assert.deepEqual(await Promise.all(['1', '2', '3'].map((number) => db.counted(number))), [1, 1, 1]);
        assert.equal(await db.deliveries.position('queue'), by === 'id' ? 0 : 3);
        const failing = db.deliveries.deliverBatch(
          numbered(4, 5),
          testCall(),
          async (tx) => {
            await db.count(tx, '4');
            throw new TypeError('no');
          },
          { by, stream: 'queue' },
        );
        await assert.rejects(failing, /no/);
        assert.equal(await db.counted('4'), 0);
        assert.deepEqual(await batch(db, 4, 5), ['applied', 'applied']);
        assert.deepEqual(await batch(db), []);
      });

      test(`a batch by ${by} puts messages of parked keys behind them`, async () => {
        await using db = await open();
        const [one = foreignMessage()] = numbered(1);
        await db.deliveries.park(one, failure(), { by, stream: 'queue' });
        assert.deepEqual(await batch(db, 2, 3, 4, 5), ['applied', 'parked', 'applied', 'parked']);
        assert.deepEqual(await batch(db, 3, 4, 5), ['duplicate', 'duplicate', 'duplicate']);
        assert.equal((await db.deliveries.parked.standing('queue')).keys, 1);
        assert.deepEqual(await Promise.all(['1', '2', '3'].map((number) => db.counted(number))), [0, 1, 0]);
      });
    }
  });
}
