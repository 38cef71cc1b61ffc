import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import type { TimerStore } from '../timers/timer-store.port.ts';
import type { Outbox, Scheduling } from '../unit-of-work.port.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { doIt, noted } from './sample-contracts.ts';

/** A database adapter whose timers are tested. */
export interface TimersUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly timers: TimerStore;
}

/** The contract of `TimerStore` and of `Scheduling`; the database goes by the clock that it is given. */
export function timerStoreContract<Tx extends Outbox & Scheduling>(
  name: string,
  open: (clock: FakeClock) => Promise<TimersUnderTest<Tx>>,
): void {
  const world = async () => {
    const clock = fakeClock();
    const db = await open(clock);
    const work = (what: (tx: Tx) => void, call = testCall()) => db.uow(call, async (tx) => what(tx));
    const messages = async () => (await db.log.read(0, 'all', 100)).messages;
    const counts = async () => (await messages()).map(({ data }) => (data as { count: number }).count);
    const note = (of: string, afterMs: number, count: number) =>
      work((tx) => tx.schedule(of, { afterMs }, noted, { key: 'k', count }));
    return { db, clock, work, messages, counts, note, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
  };

  describe(`${name}: timers`, () => {
    test('a message that is put off is sent when it is due, once, in the flow of whoever put it off', async () => {
      await using it = await world();
      const call = testCall({ baggage: { 'dure.correlation': 'flow-7' } });
      await it.work((tx) => tx.schedule('reminder', { afterMs: 5_000 }, doIt, { key: 'k' }), call);
      await it.clock.advance(4_999);
      assert.deepEqual(await it.db.timers.fire(10), { fired: 0, nextAt: it.clock.now() + 1 });
      assert.deepEqual(await it.messages(), []);
      await it.clock.advance(1);
      assert.deepEqual(await it.db.timers.fire(10), { fired: 1, nextAt: undefined });
      assert.deepEqual(await it.db.timers.fire(10), { fired: 0, nextAt: undefined });
      const [sent, ...more] = await it.messages();
      assert.deepEqual(more, []);
      assert.deepEqual(
        [sent?.kind, sent?.type, sent?.key, sent?.destination, sent?.data, sent?.meta.correlation],
        ['command', 'other.doIt', 'k', 'other', { key: 'k' }, 'flow-7'],
      );
      assert.equal(sent?.at, it.clock.now());
    });

    test('a time may be given instead of a delay, also one that has passed', async () => {
      await using it = await world();
      await it.work((tx) => tx.schedule('late', { at: it.clock.now() - 1 }, noted, { key: 'k', count: 1 }));
      assert.equal((await it.db.timers.fire(10)).fired, 1);
    });

    test('setting a timer again moves it and replaces its message', async () => {
      await using it = await world();
      await it.note('t', 1_000, 1);
      await it.note('t', 3_000, 2);
      await it.clock.advance(2_000);
      assert.equal((await it.db.timers.fire(10)).fired, 0);
      await it.clock.advance(1_000);
      await it.db.timers.fire(10);
      assert.deepEqual(await it.counts(), [2]);
    });

    test('a timer that is withdrawn sends nothing, and withdrawing one that is not there does nothing', async () => {
      await using it = await world();
      await it.note('t', 1_000, 1);
      await it.work((tx) => {
        tx.unschedule('t');
        tx.unschedule('nobody');
        tx.schedule('u', { afterMs: 1 }, noted, { key: 'k', count: 2 });
        tx.unschedule('u');
        tx.unschedule('v');
        tx.schedule('v', { afterMs: 1 }, noted, { key: 'k', count: 3 });
      });
      await it.clock.advance(2_000);
      await it.db.timers.fire(10);
      assert.deepEqual(await it.counts(), [3]);
    });

    test('a unit of work that fails neither sets nor withdraws', async () => {
      await using it = await world();
      await it.note('t', 1_000, 1);
      const failing = it.work((tx) => {
        tx.unschedule('t');
        tx.schedule('u', { afterMs: 1 }, noted, { key: 'k', count: 2 });
        throw new TypeError('no');
      });
      await assert.rejects(failing, /no/);
      assert.deepEqual(await it.db.timers.waiting(10), [
        { name: 't', dueAt: it.clock.now() + 1_000, type: 'test.noted' },
      ]);
    });

    test('data that does not fit the contract throws where it is put off', async () => {
      await using it = await world();
      const failing = it.work((tx) => tx.schedule('t', { afterMs: 1 }, noted, { key: 'k', count: 'x' as never }));
      await assert.rejects(failing, (error) => codeOf(error) === 'MESSAGING_DATA_INVALID');
    });

    test('the earliest are sent first, and as many at once as are asked for', async () => {
      await using it = await world();
      for (const [at, afterMs] of [300, 100, 200].entries()) await it.note(`t${at}`, afterMs, afterMs);
      await it.clock.advance(1_000);
      assert.equal((await it.db.timers.fire(2)).fired, 2);
      assert.deepEqual(await it.counts(), [100, 200]);
      assert.equal((await it.db.timers.fire(2)).fired, 1);
    });

    test('of processes that look at the same time, one sends each', async () => {
      await using it = await world();
      for (let at = 0; at < 12; at += 1) await it.note(`t${at}`, at, at);
      await it.clock.advance(1_000);
      const fired = await Promise.all([1, 2, 3, 4].map(() => it.db.timers.fire(5)));
      const total = fired.reduce((sum, one) => sum + one.fired, 0) + (await it.db.timers.fire(20)).fired;
      assert.equal(total, 12);
      assert.deepEqual(
        (await it.counts()).toSorted((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      );
    });

    test('a bell rings when this process has set a timer, and the log rings when one has been sent', async () => {
      await using it = await world();
      const rung = { timers: 0, log: 0 };
      const unsubscribe = it.db.timers.onSchedule(() => {
        rung.timers += 1;
      });
      await it.note('t', 1, 1);
      assert.deepEqual(rung, { timers: 1, log: 0 });
      it.db.log.onAppend(() => {
        rung.log += 1;
      });
      await it.clock.advance(1);
      await it.db.timers.fire(1);
      assert.deepEqual(rung, { timers: 1, log: 1 });
      unsubscribe();
      await it.note('t', 1, 1);
      assert.equal(rung.timers, 1);
    });
  });
}
