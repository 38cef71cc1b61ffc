import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { Message } from '../message.ts';
import type { Parking } from '../parking.port.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';

/** A database adapter whose parking is tested. */
export interface ParkingUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly parking: Parking<Tx>;
}

/** The contract of `Parking`. */
export function parkingContract<Tx extends Outbox>(name: string, open: () => Promise<ParkingUnderTest<Tx>>): void {
  const of = (key: string, position: number) =>
    foreignMessage({ key, position, id: `01930000-0000-7000-8000-00000000000${position}` });
  const passed = (db: ParkingUnderTest<Tx>, consumer: string, ...messages: readonly Message[]) =>
    db.uow(testCall(), async (tx) => (await db.parking.setAside(consumer, messages, tx)).map(({ key }) => key));
  const park = (db: ParkingUnderTest<Tx>, consumer: string, message: Message) =>
    db.uow(testCall(), (tx) => db.parking.park(consumer, message, new TypeError('no'), tx));

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

    test('a key is parked for one consumer, not for the others', async () => {
      await using db = await open();
      await park(db, 'c', of('a', 1));
      assert.deepEqual(await passed(db, 'other', of('a', 1)), ['a']);
    });

    test('a parking that is rolled back has not happened', async () => {
      await using db = await open();
      const failing = db.uow(testCall(), async (tx) => {
        await db.parking.park('c', of('a', 1), new TypeError('no'), tx);
        throw new TypeError('after all not');
      });
      await assert.rejects(failing, /after all not/);
      assert.deepEqual(await passed(db, 'c', of('a', 1)), ['a']);
    });
  });
}
