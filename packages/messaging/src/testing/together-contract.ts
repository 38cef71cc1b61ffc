import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Delivery } from '../delivery.ts';
import type { Message } from '../message.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { OpenParkingDatabase, ParkingDatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { noted } from './sample-contracts.ts';
import { failure, id } from './sample-failure.ts';

const way = { stream: 'other' };

/** The contract of a `DeliveryStore` that delivers together. */
export function togetherContract<Tx extends Outbox>(name: string, open: OpenParkingDatabase<Tx>): void {
  describe(`${name}: deliveries together`, () => {
    const numbered = (position: number, more: Partial<Message> = {}) =>
      foreignMessage({ position, id: id(position), key: `k${position}`, ...more });
    /** Counts it and tells of it. */
    const told = (db: ParkingDatabaseUnderTest<Tx>, message: Message): Delivery<Tx> => ({
      message,
      call: testCall(),
      effect: async (tx) => {
        await db.count(tx, message.key);
        tx.emit(noted, { key: message.key, count: message.position });
        return undefined;
      },
    });
    const together = (db: ParkingDatabaseUnderTest<Tx>, ...deliveries: readonly Delivery<Tx>[]) =>
      db.deliveries.deliverTogether?.(deliveries, way);
    const writtenBy = async (db: ParkingDatabaseUnderTest<Tx>) =>
      (await db.log.read(0, { events: ['test.noted'], destination: 'other' }, 10)).messages;

    test('each has its effect once, in their order, and what it writes is of its own flow', async () => {
      await using db = await open();
      const [one, two, three] = [1, 2, 3].map((n) => numbered(n, { meta: { correlation: `flow-${n}` } }));
      assert.ok(one !== undefined && two !== undefined && three !== undefined);
      assert.deepEqual(await together(db, told(db, one), told(db, two)), ['applied', 'applied']);
      assert.deepEqual(await together(db, told(db, two), told(db, three)), ['duplicate', 'applied']);
      assert.deepEqual(await together(db, told(db, two), told(db, three)), ['duplicate', 'duplicate']);
      assert.deepEqual(await Promise.all(['k1', 'k2', 'k3'].map((key) => db.counted(key))), [1, 1, 1]);
      assert.equal(await db.deliveries.position('other'), 3);
      assert.deepEqual(
        (await writtenBy(db)).map(({ key, meta }) => [key, meta.correlation, meta.causation]),
        [one, two, three].map((message) => [message.key, message.meta.correlation, message.id]),
      );
      assert.deepEqual(await together(db), []);
    });

    test('when one fails nothing has happened to any, and each can be delivered by itself', async () => {
      await using db = await open();
      const bad = { ...told(db, numbered(2)), effect: () => Promise.reject(new TypeError('not this one')) };
      assert.equal(await together(db, told(db, numbered(1)), bad, told(db, numbered(3))), undefined);
      assert.equal(await db.deliveries.position('other'), 0);
      assert.deepEqual(await writtenBy(db), []);
      assert.equal(await db.counted('k1'), 0);
      const { message, call, effect } = told(db, numbered(1));
      assert.equal(await db.deliveries.deliver(message, call, effect, way), 'applied');
    });

    test('a refused command is undone and answered, and those beside it stand', async () => {
      await using db = await open();
      const asked = { kind: 'command', type: 'test.hold', destination: 'test' } as const;
      const refused: Delivery<Tx> = {
        message: numbered(2, asked),
        call: testCall(),
        effect: async (tx) => {
          await db.count(tx, 'k2');
          tx.emit(noted, { key: 'k2', count: 2 });
          throw new Refusal({ service: 'test', operation: 'hold', code: 'OutOfStock', data: { left: 0 }, status: 409 });
        },
      };
      const held = { ...told(db, numbered(3, asked)), effect: async () => ({ ok: true, value: 3 }) as const };
      const outcomes = await together(db, told(db, numbered(1)), refused, held, told(db, numbered(4)));
      assert.deepEqual(outcomes, ['applied', 'applied', 'applied', 'applied']);
      assert.deepEqual(await Promise.all(['k1', 'k2', 'k4'].map((key) => db.counted(key))), [1, 0, 1]);
      assert.deepEqual(
        (await writtenBy(db)).map(({ data }) => data),
        [
          { key: 'k1', count: 1 },
          { ok: false, refusal: { code: 'OutOfStock', data: { left: 0 } } },
          { ok: true, value: 3 },
          { key: 'k4', count: 4 },
        ],
      );
    });

    test('those whose key is parked wait behind it, and while the source is paused nothing happens', async () => {
      await using db = await open();
      await db.deliveries.park(numbered(1, { key: 'a' }), failure(), way);
      const some = [numbered(2), numbered(3, { key: 'a' }), numbered(4)].map((message) => told(db, message));
      const who = { by: 'kim', why: 'ticket 7', at: 5_000 };
      await db.deliveries.operations.pause('other', who);
      assert.deepEqual(await together(db, ...some), ['paused', 'paused', 'paused']);
      await db.deliveries.operations.resume('other', who);
      assert.deepEqual(await together(db, ...some), ['applied', 'parked', 'applied']);
      assert.equal((await db.deliveries.operations.list({ source: 'other', limit: 9 }))[0]?.messages, 2);
      assert.deepEqual(await Promise.all(['k2', 'a', 'k4'].map((key) => db.counted(key))), [1, 0, 1]);
    });

    test('one that is put behind a key whose last message is being applied is not lost', async () => {
      await using db = await open();
      const { parked } = db.deliveries;
      await db.deliveries.park(numbered(1, { key: 'a' }), failure(), way);
      const head = await parked.first('other', 'a');
      assert.ok(head !== undefined);
      const { promise: begun, resolve: isBegun } = Promise.withResolvers<void>();
      const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
      const slow: Delivery<Tx> = {
        ...told(db, numbered(3)),
        effect: async () => {
          isBegun();
          await gate;
          return undefined;
        },
      };
      const outcomes = together(db, told(db, numbered(2, { key: 'a' })), slow);
      await begun;
      const first = parked.apply(head, testCall(), async () => undefined);
      await Promise.race([first, new Promise(setImmediate)]);
      goOn();
      assert.deepEqual([await outcomes, await first], [['parked', 'applied'], 'applied']);
      assert.equal((await parked.first('other', 'a'))?.message.position, 2);
    });

    test('a consumer that has seen the position further than it is stored applies nothing', async () => {
      await using db = await open();
      const after = (position: number, seen: number) =>
        db.deliveries.deliverTogether?.(
          [numbered(position), numbered(position + 1)].map((message) => told(db, message)),
          { ...way, after: seen },
        );
      assert.deepEqual(await after(1, 0), ['applied', 'applied']);
      assert.equal(await after(9, 7), undefined);
      assert.deepEqual(await after(3, 2), ['applied', 'applied']);
      assert.equal(await db.deliveries.position('other'), 4);
    });

    test('of rivals that deliver the same together, one applies them', async () => {
      await using db = await open();
      const all = [numbered(1), numbered(2)];
      const rivals = [1, 2, 3].map(() => together(db, ...all.map((message) => told(db, message))));
      const outcomes = (await Promise.all(rivals)).map((outcome) => outcome?.join()).toSorted();
      assert.deepEqual(outcomes, ['applied,applied', 'duplicate,duplicate', 'duplicate,duplicate']);
      assert.deepEqual(await Promise.all(['k1', 'k2'].map((key) => db.counted(key))), [1, 1]);
    });
  });
}
