import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { codeOf, plainOperation } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { trackOf } from '../broker-lane.ts';
import type { DeliveryStore, ParkingDeliveryStore } from '../delivery-store.port.ts';
import type { Message } from '../message.ts';
import type { MessageLog } from '../message-log.port.ts';
import type { Outbox, UnitOfWork } from '../unit-of-work.port.ts';
import { doIt, ignored, noted } from './sample-contracts.ts';

/** What a database adapter shows of itself to its contract suite. Its service is named `test`. */
export interface DatabaseUnderTest<Tx extends Outbox> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly log: MessageLog;
  readonly deliveries: DeliveryStore<Tx>;
  readonly idempotency: { recall(call: Call): Promise<{ readonly answer: unknown } | undefined> };
  /** Adds one to a counter, inside the transaction. */
  count(tx: Tx, name: string): Promise<void>;
  /** The counter as committed; 0 at first. */
  counted(name: string): Promise<number>;
}

/** A database that can park. */
export interface ParkingDatabaseUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly deliveries: ParkingDeliveryStore<Tx>;
}

/** Opens an empty one. */
export type OpenParkingDatabase<Tx extends Outbox> = () => Promise<ParkingDatabaseUnderTest<Tx>>;

/** Opens an empty one. */
export type OpenDatabase<Tx extends Outbox> = () => Promise<DatabaseUnderTest<Tx>>;

const everything = { events: ['test.noted', 'test.ignored'], destination: 'other' };

/** A message as another service's log would hold it. */
export function foreignMessage(change: Partial<Message> = {}): Message {
  return {
    position: 1,
    id: '01930000-0000-7000-8000-000000000001',
    kind: 'event',
    source: 'other',
    type: 'other.happened',
    version: 1,
    key: 'k',
    destination: undefined,
    at: 1,
    data: {},
    meta: { correlation: 'flow-1' },
    ...change,
  };
}

function keyed(key: string, inputHash = 'hash'): Call {
  return testCall({
    operation: { ...plainOperation('test', 'place'), idempotent: 'key' },
    idempotencyKey: key,
    inputHash,
    identity: { kind: 'user', subject: 'u1', roles: [], scopes: [] },
  });
}

/** The contract of `UnitOfWork`, which every adapter's test runs. */
export function unitOfWorkContract<Tx extends Outbox>(name: string, open: OpenDatabase<Tx>): void {
  describe(`${name}: units of work`, () => {
    test('effect and messages are committed together, in order of sending', async () => {
      await using db = await open();
      const answer = await db.uow(testCall(), async (tx) => {
        await db.count(tx, 'a');
        tx.emit(noted, { key: 'k', count: 1 });
        tx.send(doIt, { key: 'k' });
        tx.emit(noted, { key: 'k', count: 2 });
        return 'done';
      });
      assert.equal(answer, 'done');
      assert.equal(await db.counted('a'), 1);
      const { messages } = await db.log.read(0, everything, 10);
      assert.deepEqual(
        messages.map(({ kind, type, key, destination, source, data }) => ({
          kind,
          type,
          key,
          destination,
          source,
          data,
        })),
        [
          {
            kind: 'event',
            type: 'test.noted',
            key: 'k',
            destination: undefined,
            source: 'test',
            data: { key: 'k', count: 1 },
          },
          { kind: 'command', type: 'other.doIt', key: 'k', destination: 'other', source: 'test', data: { key: 'k' } },
          {
            kind: 'event',
            type: 'test.noted',
            key: 'k',
            destination: undefined,
            source: 'test',
            data: { key: 'k', count: 2 },
          },
        ],
      );
    });

    test('a unit of work that throws leaves neither effect nor message', async () => {
      await using db = await open();
      const failing = db.uow(testCall(), async (tx) => {
        await db.count(tx, 'a');
        tx.emit(noted, { key: 'k', count: 1 });
        throw new TypeError('no');
      });
      await assert.rejects(failing, /no/);
      assert.equal(await db.counted('a'), 0);
      assert.deepEqual((await db.log.read(0, everything, 10)).messages, []);
    });

    test('data that does not fit the contract throws where it is sent', async () => {
      await using db = await open();
      const failing = db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 'many' as never }));
      await assert.rejects(failing, (error) => {
        assert.equal(codeOf(error), 'MESSAGING_DATA_INVALID');
        assert.match(String(error), /data\.count: expected number/);
        return true;
      });
    });

    test('what is sent after the unit of work has ended throws instead of being lost', async () => {
      await using db = await open();
      let kept: Tx | undefined;
      await db.uow(testCall(), async (tx) => {
        kept = tx;
      });
      assert.throws(
        () => kept?.emit(noted, { key: 'k', count: 1 }),
        (error) => codeOf(error) === 'MESSAGING_CLOSED',
      );
    });

    test('messages carry the flow of the call, and its trace as their cause', async () => {
      await using db = await open();
      const call = testCall();
      await db.uow(call, async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
      await db.uow(call.with({ baggage: { 'dure.correlation': 'flow-7' } }), async (tx) =>
        tx.emit(noted, { key: 'k', count: 2 }),
      );
      const [own, inherited] = (await db.log.read(0, everything, 10)).messages;
      assert.equal(own?.meta.correlation, call.trace.traceId);
      assert.equal(own?.meta.causation, call.trace.traceId);
      assert.match(own?.meta.traceparent ?? '', new RegExp(`^00-${call.trace.traceId}-`));
      assert.equal(inherited?.meta.correlation, 'flow-7');
    });
  });
}

/** The contract of `MessageLog`. */
export function messageLogContract<Tx extends Outbox>(name: string, open: OpenDatabase<Tx>): void {
  describe(`${name}: the log`, () => {
    const fill = (db: DatabaseUnderTest<Tx>, times: number) =>
      db.uow(testCall(), async (tx) => {
        for (let count = 1; count <= times; count += 1) {
          tx.emit(noted, { key: 'k', count });
          tx.emit(ignored, { key: 'k' });
          tx.send(doIt, { key: 'k' });
        }
      });

    test('a reader gets the events it named and what is addressed to it, and a mark past the rest', async () => {
      await using db = await open();
      await fill(db, 2);
      const events = await db.log.read(0, { events: ['test.noted'], destination: undefined }, 10);
      assert.deepEqual(
        events.messages.map((message) => message.type),
        ['test.noted', 'test.noted'],
      );
      assert.equal(events.mark, await db.log.advance());
      const addressed = await db.log.read(0, { events: [], destination: 'other' }, 10);
      assert.deepEqual(
        addressed.messages.map((message) => message.kind),
        ['command', 'command'],
      );
      const none = await db.log.read(0, { events: [], destination: undefined }, 10);
      assert.deepEqual(none, { messages: [], mark: await db.log.advance() });
      assert.equal((await db.log.read(0, 'all', 10)).messages.length, 6);
    });

    test('it tells where each track of a reader ended', async () => {
      await using db = await open();
      await fill(db, 2);
      await db.uow(testCall(), async (tx) => tx.emit(noted, { key: '두레', count: 3 }));
      const end = await db.log.advance();
      const { messages } = await db.log.read(0, everything, 10);
      const last = Object.fromEntries(messages.map((message) => [trackOf(message), message.position]));
      assert.deepEqual(await db.log.ends(0, end, everything), last);
      const narrow = { events: ['test.noted'], destination: undefined };
      assert.deepEqual(Object.values(await db.log.ends(end - 1, end, narrow)), [end]);
      assert.deepEqual(await db.log.ends(end, end, narrow), {});
    });

    test('a full page ends at its last message, and reading on from its mark misses nothing', async () => {
      await using db = await open();
      await fill(db, 5);
      const seen: number[] = [];
      for (let after = 0, pages = 0; ; pages += 1) {
        const page = await db.log.read(after, everything, 4);
        assert.ok(pages < 10);
        seen.push(...page.messages.map((message) => message.position));
        if (page.mark === after) break;
        after = page.mark;
      }
      assert.equal(seen.length, 15);
      assert.deepEqual(
        seen,
        [...new Set(seen)].toSorted((a, b) => a - b),
      );
    });

    test('a read stops at the position it is given', async () => {
      await using db = await open();
      await fill(db, 1);
      const early = await db.log.advance();
      await fill(db, 1);
      await db.log.advance();
      const page = await db.log.read(0, 'all', 10, early);
      assert.equal(page.messages.length, 3);
      assert.equal(page.mark, early);
    });

    test('the present era has everything in common with the log, and of one that it does not know it says so', async () => {
      await using db = await open();
      await fill(db, 1);
      const end = await db.log.advance();
      const era = db.log.era() ?? assert.fail('it has no era');
      assert.ok(((await db.log.endOf(era)) ?? 0) > end);
      assert.equal(await db.log.endOf('another'), undefined);
      await fill(db, 1);
      await db.log.advance();
      assert.equal(db.log.era(), era);
    });

    test('a time is before what was written then or later, and behind nothing that was', async () => {
      await using db = await open();
      await db.uow(testCall(), async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
      const { messages } = await db.log.read(0, everything, 10);
      const [first] = messages;
      assert.ok((await db.log.before(first?.at ?? 0)) < (first?.position ?? 0));
      assert.equal(await db.log.before(0), 0);
      assert.ok((await db.log.before((first?.at ?? 0) + 3_600_000)) >= (first?.position ?? 0));
    });

    test('the log rings after a commit that appended, and after no other', async () => {
      await using db = await open();
      let rung = 0;
      const unsubscribe = db.log.onAppend(() => {
        rung += 1;
      });
      await db.uow(testCall(), async (tx) => db.count(tx, 'a'));
      assert.equal(rung, 0);
      await fill(db, 1);
      assert.equal(rung, 1);
      unsubscribe();
      await fill(db, 1);
      assert.equal(rung, 1);
    });
  });
}

/** The contract of stored answers: of `UnitOfWork` and the service's `IdempotencyStore` together. */
export function idempotencyContract<Tx extends Outbox>(name: string, open: OpenDatabase<Tx>): void {
  describe(`${name}: idempotency keys`, () => {
    const place = (db: DatabaseUnderTest<Tx>, call: Call) =>
      db.uow(call, async (tx) => {
        await db.count(tx, 'placed');
        return { order: 1 };
      });

    test('a repetition gets the stored answer without running the work', async () => {
      await using db = await open();
      assert.equal(await db.idempotency.recall(keyed('k1')), undefined);
      assert.deepEqual(await place(db, keyed('k1')), { order: 1 });
      assert.deepEqual(await place(db, keyed('k1')), { order: 1 });
      assert.equal(await db.counted('placed'), 1);
      assert.deepEqual(await db.idempotency.recall(keyed('k1')), { answer: { order: 1 } });
    });

    test('repetitions at the same time run the work once and all get its answer', async () => {
      await using db = await open();
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => place(db, keyed('k2'))));
      assert.deepEqual(new Set(answers.map((answer) => answer.order)), new Set([1]));
      assert.equal(await db.counted('placed'), 1);
    });

    test('the same key with another input is refused', async () => {
      await using db = await open();
      await place(db, keyed('k3'));
      const reused = (error: unknown) => codeOf(error) === 'SERVICE_IDEMPOTENCY_KEY_REUSED';
      await assert.rejects(place(db, keyed('k3', 'other input')), reused);
      await assert.rejects(db.idempotency.recall(keyed('k3', 'other input')), reused);
    });

    test('keys of other callers and other operations are other keys', async () => {
      await using db = await open();
      const call = keyed('k4');
      await place(db, call);
      await place(db, call.with({ identity: { kind: 'user', subject: 'u2', roles: [], scopes: [] } }));
      await place(db, call.with({ operation: { ...call.operation, name: 'cancel' } }));
      assert.equal(await db.counted('placed'), 3);
    });

    test('a failed attempt stores nothing, so the next one runs', async () => {
      await using db = await open();
      const failing = db.uow(keyed('k5'), async () => {
        throw new TypeError('not now');
      });
      await assert.rejects(failing, /not now/);
      assert.deepEqual(await place(db, keyed('k5')), { order: 1 });
    });

    test('an operation that is not idempotent by key runs each time', async () => {
      await using db = await open();
      const call = testCall({ idempotencyKey: 'k6' });
      await place(db, call);
      await place(db, call);
      assert.equal(await db.counted('placed'), 2);
    });

    test('an operation that answers nothing answers nothing again', async () => {
      await using db = await open();
      const run = () => db.uow(keyed('k7'), async () => undefined);
      assert.equal(await run(), undefined);
      assert.equal(await run(), undefined);
    });
  });
}
