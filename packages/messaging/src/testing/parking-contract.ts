import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { Message } from '../message.ts';
import type { Parking } from '../parking.port.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { ParkingDatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { failure } from './sample-failure.ts';

/** A database adapter whose parking is tested. */
export interface ParkingUnderTest<Tx extends Outbox> extends ParkingDatabaseUnderTest<Tx> {
  readonly parking: Parking<Tx>;
}

/** The contract of `Parking`. */
export function parkingContract<Tx extends Outbox>(name: string, open: () => Promise<ParkingUnderTest<Tx>>): void {
  const of = (key: string, position: number) =>
    foreignMessage({ key, position, id: `01930000-0000-7000-8000-00000000000${position}` });
  const passed = (db: ParkingUnderTest<Tx>, consumer: string, ...messages: readonly Message[]) =>
    db.uow(testCall(), async (tx) => (await db.parking.setAside(consumer, messages, tx)).map(({ key }) => key));
  const park = (db: ParkingUnderTest<Tx>, consumer: string, message: Message) =>
    db.uow(testCall(), (tx) => db.parking.park(consumer, message, failure(), tx));

  describe(`${name}: parking`, () => {
    test('while nothing is parked, everything passes', async () => {
      await using db = await open();
      assert.deepEqual(await passed(db, 'c', of('a', 1), of('b', 2)), ['a', 'b']);
    });

    test('what comes for a parked key is put aside, and all else passes', async () => {
      await using db = await open();
      await park(db, 'c', of('a', 1));
      assert.deepEqual(await passed(db, 'c', of('a', 2), of('b', 3), of('a', 4)), ['b']);
      assert.deepEqual(await passed(db, 'c', of('a', 5)), []);
    });

    test('what was put aside waits in order, among all that is parked, and with the last of it the key is free', async () => {
      await using db = await open();
      await park(db, 'c', of('a', 1));
      await passed(db, 'c', of('a', 2), of('b', 3), of('a', 4));
      const [key] = await db.deliveries.operations.list({ limit: 9 });
      assert.deepEqual([key?.source, key?.key, key?.state, key?.messages], ['c', 'a', 'waiting', 3]);
      const { parked } = db.parking;
      assert.deepEqual(await parked.due('c', 10_000, 9), ['a']);
      const applied: number[] = [];
      for (let first = await parked.first('c', 'a'); first !== undefined; first = await parked.first('c', 'a')) {
        applied.push(first.message.position);
        assert.equal(await parked.apply(first, testCall(), async () => undefined), 'applied');
      }
      assert.deepEqual(applied, [1, 2, 4]);
      assert.equal((await parked.standing('c')).keys, 0);
      assert.deepEqual(await passed(db, 'c', of('a', 5)), ['a']);
    });

    test('a key is parked for one consumer, not for the others', async () => {
      await using db = await open();
      await park(db, 'c', of('a', 1));
      assert.deepEqual(await passed(db, 'other', of('a', 1)), ['a']);
    });

    test('a parking that is rolled back has not happened', async () => {
      await using db = await open();
      const failing = db.uow(testCall(), async (tx) => {
        await db.parking.park('c', of('a', 1), failure(), tx);
        throw new TypeError('after all not');
      });
      await assert.rejects(failing, /after all not/);
      assert.deepEqual(await passed(db, 'c', of('a', 1)), ['a']);
    });
  });
}
