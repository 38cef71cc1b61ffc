import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf, Refusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { DeliveryFailure } from '../delivery.ts';
import type { Message } from '../message.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type {
  DatabaseUnderTest,
  OpenDatabase,
  OpenParkingDatabase,
  ParkingDatabaseUnderTest,
} from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { noted } from './sample-contracts.ts';
import { failure, id } from './sample-failure.ts';

/** The contract of `DeliveryStore`. */
export function deliveryStoreContract<Tx extends Outbox>(name: string, open: OpenDatabase<Tx>): void {
  describe(`${name}: deliveries`, () => {
    const apply = (db: DatabaseUnderTest<Tx>, message: Message) =>
      db.deliveries.deliver(message, testCall(), async (tx) => {
        await db.count(tx, 'applied');
        return undefined;
      });

    test('a message is applied once, however often it is delivered', async () => {
      await using db = await open();
      assert.equal(await db.deliveries.position('other'), 0);
      assert.equal(await apply(db, foreignMessage({ position: 5 })), 'applied');
      assert.equal(await apply(db, foreignMessage({ position: 5 })), 'duplicate');
      assert.equal(await apply(db, foreignMessage({ position: 3 })), 'duplicate');
      assert.equal(await db.deliveries.position('other'), 5);
      assert.equal(await db.counted('applied'), 1);
    });

    test('of rivals that apply one message at the same time, one succeeds', async () => {
      await using db = await open();
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => apply(db, foreignMessage({ position: 1 }))));
      assert.deepEqual(outcomes.toSorted(), ['applied', 'duplicate', 'duplicate', 'duplicate']);
      assert.equal(await db.counted('applied'), 1);
    });

    test('an effect that fails leaves the position where it was, and the next try applies', async () => {
      await using db = await open();
      const failing = db.deliveries.deliver(foreignMessage(), testCall(), async (tx) => {
        await db.count(tx, 'applied');
        throw new TypeError('not now');
      });
      await assert.rejects(failing, /not now/);
      assert.equal(await db.deliveries.position('other'), 0);
      assert.equal(await apply(db, foreignMessage()), 'applied');
      assert.equal(await db.counted('applied'), 1);
    });

    test('the era in which a source was read is remembered beside its position', async () => {
      await using db = await open();
      assert.equal(await db.deliveries.era('other'), undefined);
      await db.deliveries.enterEra('other', 'first');
      assert.equal(await db.deliveries.position('other'), 0);
      assert.equal(await apply(db, foreignMessage({ position: 5 })), 'applied');
      await db.deliveries.enterEra('other', 'second');
      assert.deepEqual([await db.deliveries.era('other'), await db.deliveries.position('other')], ['second', 5]);
      assert.equal(await db.deliveries.era('another'), undefined);
    });

    test('several streams are looked up at once, each with its position and its era', async () => {
      await using db = await open();
      assert.equal(await apply(db, foreignMessage({ position: 5 })), 'applied');
      await db.deliveries.enterEra('other', 'first');
      assert.deepEqual(await db.deliveries.reached(['another', 'other', 'other']), [
        { position: 0, era: undefined },
        { position: 5, era: 'first' },
        { position: 5, era: 'first' },
      ]);
      assert.deepEqual(await db.deliveries.reached([]), []);
    });

    test('what was passed over in an era moves nothing in another one', async () => {
      await using db = await open();
      await db.deliveries.enterEra('other', 'second');
      await db.deliveries.skipTo('other', 7, 'first');
      assert.equal(await db.deliveries.position('other'), 0);
      await db.deliveries.skipTo('other', 7, 'second');
      await db.deliveries.skipTo('other', 3, 'second');
      assert.equal(await db.deliveries.position('other'), 7);
    });

    test('a consumer that has seen the position further than it is stored is told so, and nothing is applied', async () => {
      await using db = await open();
      const deliver = (position: number, after: number) =>
        db.deliveries.deliver(
          foreignMessage({ position }),
          testCall(),
          async (tx) => {
            await db.count(tx, 'applied');
            return undefined;
          },
          { after },
        );
      const lost = (error: unknown) => codeOf(error) === 'MESSAGING_POSITION_LOST';
      await assert.rejects(deliver(9, 7), lost);
      assert.equal(await deliver(5, 0), 'applied');
      await assert.rejects(deliver(9, 7), lost);
      assert.equal(await deliver(3, 5), 'duplicate');
      assert.equal(await deliver(9, 5), 'applied');
      assert.equal(await db.counted('applied'), 2);
      assert.equal(await db.deliveries.position('other'), 9);
    });

    test('sources have positions of their own, and skipping never goes back', async () => {
      await using db = await open();
      await db.deliveries.skipTo('other', 9);
      await db.deliveries.skipTo('other', 4);
      assert.equal(await db.deliveries.position('other'), 9);
      assert.equal(await db.deliveries.position('another'), 0);
      assert.equal(await apply(db, foreignMessage({ position: 9 })), 'duplicate');
      assert.equal(await apply(db, foreignMessage({ position: 2, source: 'another' })), 'applied');
    });

    test('a reply goes to the sender and carries what it answers, in the flow of the command', async () => {
      await using db = await open();
      const saga = { id: 's1', step: 'hold', direction: 'do' } as const;
      const command = foreignMessage({
        kind: 'command',
        type: 'test.hold',
        destination: 'test',
        meta: { correlation: 'flow-1', saga },
      });
      await db.deliveries.deliver(command, testCall(), async (tx) => {
        tx.emit(noted, { key: 'k', count: 1 });
        return { ok: true, value: { held: 3 } };
      });
      const { messages } = await db.log.read(0, { events: ['test.noted'], destination: 'other' }, 10);
      const [emitted, reply] = messages;
      assert.equal(emitted?.meta.causation, command.id);
      assert.equal(emitted?.meta.correlation, 'flow-1');
      assert.deepEqual(
        [reply?.kind, reply?.type, reply?.destination, reply?.data, reply?.meta.inReplyTo, reply?.meta.saga],
        ['reply', 'test.hold', 'other', { ok: true, value: { held: 3 } }, command.id, saga],
      );
      assert.equal(reply?.meta.correlation, 'flow-1');
    });

    test('a refused command is undone and answered, and is not delivered again', async () => {
      await using db = await open();
      const command = foreignMessage({ kind: 'command', type: 'test.hold', destination: 'test' });
      const outcome = await db.deliveries.deliver(command, testCall(), async (tx) => {
        await db.count(tx, 'held');
        tx.emit(noted, { key: 'k', count: 1 });
        throw new Refusal({ service: 'test', operation: 'hold', code: 'OutOfStock', data: { left: 0 }, status: 409 });
      });
      assert.equal(outcome, 'applied');
      assert.equal(await db.counted('held'), 0);
      const { messages } = await db.log.read(0, { events: ['test.noted'], destination: 'other' }, 10);
      assert.deepEqual(
        messages.map((message) => message.data),
        [{ ok: false, refusal: { code: 'OutOfStock', data: { left: 0 } } }],
      );
      assert.equal(await apply(db, command), 'duplicate');
    });
  });
}

/** The contract of parked keys, which belongs to `DeliveryStore`. */
export function parkedKeysContract<Tx extends Outbox>(name: string, open: OpenParkingDatabase<Tx>): void {
  describe(`${name}: parked keys`, () => {
    const deliver = (db: ParkingDatabaseUnderTest<Tx>, position: number, key: string) =>
      db.deliveries.deliver(foreignMessage({ position, key, id: id(position) }), testCall(), async (tx) => {
        await db.count(tx, key);
        return undefined;
      });
    const park = (
      db: ParkingDatabaseUnderTest<Tx>,
      position: number,
      key: string,
      change: Partial<DeliveryFailure> = {},
    ) => db.deliveries.park(foreignMessage({ position, key, id: id(position) }), failure(change));
    const applyFirst = async (db: ParkingDatabaseUnderTest<Tx>, key: string) => {
      const first = await db.deliveries.parked.first('other', key);
      assert.ok(first !== undefined);
      const outcome = await db.deliveries.parked.apply(first, testCall(), async (tx) => {
        await db.count(tx, key);
        return undefined;
      });
      return { outcome, position: first.message.position };
    };

    test('a parked message and all later ones of its key wait in order, and other keys go on', async () => {
      await using db = await open();
      const { parked } = db.deliveries;
      assert.equal(await park(db, 1, 'a'), 'parked');
      assert.equal(await deliver(db, 2, 'a'), 'parked');
      assert.equal(await deliver(db, 3, 'b'), 'applied');
      assert.equal(await deliver(db, 4, 'a'), 'parked');
      assert.equal(await db.deliveries.position('other'), 4);
      assert.deepEqual([await db.counted('a'), await db.counted('b')], [0, 1]);
      assert.equal((await parked.standing('other')).keys, 1);
      const applied = [await applyFirst(db, 'a'), await applyFirst(db, 'a'), await applyFirst(db, 'a')];
      assert.deepEqual(
        applied.map(({ position }) => position),
        [1, 2, 4],
      );
      assert.equal(await db.counted('a'), 3);
      assert.equal(await parked.first('other', 'a'), undefined);
      assert.equal(await deliver(db, 5, 'a'), 'applied', 'with its last message the key is free');
    });

    test('streams of one source have positions of their own, and share what is parked of it and its pause', async () => {
      await using db = await open();
      const by = (stream: string) => ({ stream, parkedAs: 'other' });
      const on = (stream: string, position: number, key: string) =>
        db.deliveries.deliver(foreignMessage({ position, key }), testCall(), async () => undefined, by(stream));
      const parkOn = (stream: string, position: number) =>
        db.deliveries.park(foreignMessage({ position, key: 'a', id: id(position) }), failure(), by(stream));
      assert.deepEqual(await Promise.all([parkOn('s1', 9), parkOn('s2', 3)]), ['parked', 'parked']);
      assert.equal((await db.deliveries.operations.list({ source: 'other', limit: 9 }))[0]?.messages, 2);
      assert.deepEqual([await db.deliveries.position('s1'), await db.deliveries.position('s2')], [9, 3]);
      assert.equal(await db.deliveries.position('other'), 0);
      assert.equal(await on('s1', 10, 'b'), 'applied');
      assert.equal(await on('s3', 1, 'a'), 'parked', 'a key is parked for all streams');
      const who = { by: 'kim', why: 'ticket 7', at: 5_000 };
      await db.deliveries.operations.pause('other', who);
      assert.equal(await on('s1', 11, 'b'), 'paused');
      assert.equal(await on('s1', 10, 'b'), 'duplicate');
      const two = [foreignMessage({ position: 11, key: 'b' }), foreignMessage({ position: 12, key: 'a', id: id(12) })];
      const batch = () => db.deliveries.deliverBatch(two, testCall(), async () => undefined, by('s1'));
      assert.deepEqual(await batch(), ['paused', 'paused']);
      await db.deliveries.operations.resume('other', who);
      assert.deepEqual(await batch(), ['applied', 'parked']);
      assert.equal(await db.deliveries.position('s1'), 12);
    });

    test('a message is parked once, and what is parked is a duplicate when it comes again', async () => {
      await using db = await open();
      assert.equal(await park(db, 2, 'a'), 'parked');
      assert.equal(await park(db, 2, 'a'), 'duplicate');
      assert.equal(await deliver(db, 2, 'a'), 'duplicate');
      assert.equal(await deliver(db, 1, 'b'), 'duplicate');
      await applyFirst(db, 'a');
      assert.equal(await db.counted('a'), 1);
      assert.equal((await db.deliveries.parked.standing('other')).keys, 0);
    });

    test('a message is parked as it came', async () => {
      await using db = await open();
      const saga = { id: id(9), step: 'hold', direction: 'undo' } as const;
      const meta = { correlation: 'c', causation: 'd', traceparent: '00-a-b-01', inReplyTo: id(8), saga };
      const message = foreignMessage({
        kind: 'reply',
        destination: 'test',
        data: { ok: true, value: [1, '한글', '\u0000'] },
        meta,
      });
      await db.deliveries.park(message, failure());
      const first = await db.deliveries.parked.first('other', 'k');
      assert.deepEqual(first?.message, message);
      assert.deepEqual([first?.source, first?.key, first?.attempts], ['other', 'k', 1]);
    });

    test('keys are due when their time has come, and a stopped one never is', async () => {
      await using db = await open();
      const { parked } = db.deliveries;
      await park(db, 1, 'late', { nextAt: 3_000 });
      await park(db, 2, 'soon', { nextAt: 2_000 });
      await park(db, 3, 'stopped', { nextAt: undefined });
      assert.deepEqual(await parked.due('other', 1_999, 9), []);
      assert.deepEqual(await parked.due('other', 3_000, 9), ['soon', 'late']);
      assert.deepEqual(await parked.due('other', 3_000, 1), ['soon']);
      assert.deepEqual(await parked.due('another', 3_000, 9), []);
      const { keys, stopped, replies, since, nextAt } = await parked.standing('other');
      assert.deepEqual(
        { keys, stopped, replies, since, nextAt },
        { keys: 3, stopped: 1, replies: 0, since: 1_000, nextAt: 2_000 },
      );
    });

    test('a try that failed moves the next one, and is not counted twice', async () => {
      await using db = await open();
      const { parked } = db.deliveries;
      await park(db, 1, 'a');
      const first = await parked.first('other', 'a');
      assert.ok(first !== undefined);
      await parked.failed(first, failure({ attempts: 2, nextAt: 9_000 }));
      await parked.failed(first, failure({ attempts: 2, nextAt: 99_000 }));
      assert.equal((await parked.standing('other')).nextAt, 9_000);
      assert.equal((await parked.first('other', 'a'))?.attempts, 2);
      const second = await parked.first('other', 'a');
      assert.ok(second !== undefined);
      await parked.failed(second, failure({ attempts: 3, nextAt: undefined }));
      assert.deepEqual(await parked.due('other', 1e12, 9), []);
      assert.equal((await parked.standing('other')).stopped, 1);
    });

    test('an effect that fails leaves the message where it was', async () => {
      await using db = await open();
      await park(db, 1, 'a');
      const first = await db.deliveries.parked.first('other', 'a');
      assert.ok(first !== undefined);
      const failing = db.deliveries.parked.apply(first, testCall(), async (tx) => {
        await db.count(tx, 'a');
        throw new TypeError('not yet');
      });
      await assert.rejects(failing, /not yet/);
      assert.equal(await db.counted('a'), 0);
      assert.equal((await applyFirst(db, 'a')).outcome, 'applied');
    });

    test('of rivals that apply one parked message, one does', async () => {
      await using db = await open();
      await park(db, 1, 'a');
      await deliver(db, 2, 'a');
      const first = await db.deliveries.parked.first('other', 'a');
      assert.ok(first !== undefined);
      const outcomes = await Promise.all(
        [1, 2, 3].map(() =>
          db.deliveries.parked.apply(first, testCall(), async (tx) => {
            await db.count(tx, 'a');
            return undefined;
          }),
        ),
      );
      assert.deepEqual(outcomes.toSorted(), ['applied', 'elsewhere', 'elsewhere']);
      assert.equal(await db.counted('a'), 1);
      assert.equal((await applyFirst(db, 'a')).position, 2);
    });

    test('what comes while the last one is being applied is put behind it, and then applied', async () => {
      await using db = await open();
      await park(db, 1, 'a');
      const first = await db.deliveries.parked.first('other', 'a');
      assert.ok(first !== undefined);
      await db.deliveries.parked.apply(first, testCall(), async (tx) => {
        assert.equal(await deliver(db, 2, 'a'), 'parked');
        assert.equal(await deliver(db, 3, 'b'), 'applied', 'other keys do not wait for it');
        await db.count(tx, 'a');
        return undefined;
      });
      assert.equal((await db.deliveries.parked.standing('other')).keys, 1);
      assert.deepEqual(await applyFirst(db, 'a'), { outcome: 'applied', position: 2 });
      assert.equal(await db.counted('a'), 2);
    });

    test('a parked command that is applied or refused is answered', async () => {
      await using db = await open();
      const command = foreignMessage({ kind: 'command', type: 'test.hold', destination: 'test' });
      await db.deliveries.park(command, failure());
      const first = await db.deliveries.parked.first('other', 'k');
      assert.ok(first !== undefined);
      await db.deliveries.parked.apply(first, testCall(), async (tx) => {
        await db.count(tx, 'held');
        throw new Refusal({ service: 'test', operation: 'hold', code: 'OutOfStock', data: {}, status: 409 });
      });
      assert.equal(await db.counted('held'), 0);
      const [reply] = (await db.log.read(0, { events: [], destination: 'other' }, 10)).messages;
      assert.deepEqual(reply?.data, { ok: false, refusal: { code: 'OutOfStock', data: {} } });
      assert.equal(reply?.meta.inReplyTo, command.id);
      assert.equal((await db.deliveries.parked.standing('other')).keys, 0);
    });

    test('a reply that waits is told apart, because a saga waits for it', async () => {
      await using db = await open();
      await db.deliveries.park(foreignMessage({ kind: 'reply', destination: 'test' }), failure());
      assert.equal((await db.deliveries.parked.standing('other')).replies, 1);
    });
  });
}
