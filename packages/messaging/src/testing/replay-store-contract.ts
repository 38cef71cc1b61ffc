import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message } from '../message.ts';
import type { Replay, ReplayStore, ReplayWish } from '../replay-store.port.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { ParkingDatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';

/** A database that can replay. */
export interface ReplaysUnderTest<Tx extends Outbox> extends ParkingDatabaseUnderTest<Tx> {
  readonly replays: ReplayStore<Tx>;
}

const who = { by: 'sora', why: 'the totals were wrong', at: 5_000 };
const wish: ReplayWish = {
  reaction: 'sum',
  source: 'other',
  event: 'other.happened',
  key: undefined,
  after: 0,
  since: undefined,
  who,
};

function message(position: number, key = 'k'): Message {
  return foreignMessage({ position, key, id: `01930000-0000-7000-8000-${String(position).padStart(12, '0')}` });
}

/** Brings a message to the reactions `sum`, which may be replayed, and `tell`, as a service does. */
async function deliver<Tx extends Outbox>(under: ReplaysUnderTest<Tx>, one: Message, failing = false) {
  return under.deliveries.deliver(one, testCall(), async (tx) => {
    if (!(await under.replays.holdBack('sum', one, tx))) await under.count(tx, `sum ${one.key} ${one.position}`);
    await under.count(tx, `tell ${one.key}`);
    if (failing) throw new TypeError('not now');
    return undefined;
  });
}

/** The contract of `ReplayStore`, which every adapter's test runs. */
export function replayStoreContract<Tx extends Outbox>(name: string, open: () => Promise<ReplaysUnderTest<Tx>>): void {
  describe(`${name}: replays`, () => {
    test('a replay begins with the past up to where the reaction is, and one at a time', async () => {
      await using under = await open();
      const { replays } = under;
      for (const position of [3, 7]) await deliver(under, message(position));
      assert.deepEqual([await replays.reached('other'), await replays.reached('nobody')], [7, 0]);
      const replay = await replays.begin({ ...wish, after: 2 });
      assert.deepEqual([replay.state, replay.position, replay.upTo, replay.start.whole], ['running', 2, 7, 7]);
      assert.deepEqual(replay.actions, [{ what: 'begin', ...who }]);
      await assert.rejects(replays.begin(wish), (error) => codeOf(error) === 'MESSAGING_REPLAY_UNDERWAY');
      assert.deepEqual(await replays.open(), [replay]);
      assert.deepEqual(await replays.find(replay.id), replay);
      const other = await replays.begin({ ...wish, reaction: 'tell', after: 99, key: 'k', since: 4_000 });
      assert.deepEqual([other.position, other.key, other.since], [7, 'k', 4_000]);
      assert.deepEqual((await replays.list(1)).length, 1);
    });

    test('a message of the past is delivered once, and the place in it is part of the transaction', async () => {
      await using under = await open();
      const { replays } = under;
      for (const position of [1, 2]) await deliver(under, message(position));
      const replay = await replays.begin(wish);
      const failing = replays.apply(replay, message(1), testCall(), async (tx) => {
        await under.count(tx, 'again');
        throw new TypeError('no');
      });
      await assert.rejects(failing);
      const apply = (of: Replay, one: Message) =>
        replays.apply(of, one, testCall(), async (tx) => {
          await under.count(tx, 'again');
          return undefined;
        });
      assert.equal(await apply(replay, message(1)), 'applied');
      assert.equal(await apply(replay, message(1)), 'elsewhere', 'it has moved since it was read');
      assert.equal(await under.counted('again'), 1);
      const moved = (await replays.find(replay.id)) ?? assert.fail();
      assert.deepEqual([moved.position, moved.applied], [1, 1]);
      assert.equal(await replays.pass(replay, 2), false);
      assert.equal(await replays.pass(moved, 2), true);
      assert.equal((await replays.find(replay.id))?.position, 2);
    });

    test('what comes meanwhile waits behind the past, for its reaction and its keys only', async () => {
      await using under = await open();
      const { replays } = under;
      await deliver(under, message(1, 'a'));
      const replay = await replays.begin({ ...wish, key: 'a' });
      for (const [position, key] of [
        [2, 'a'],
        [3, 'b'],
        [4, 'a'],
      ] as const)
        await deliver(under, message(position, key));
      assert.deepEqual([await under.counted('sum a 2'), await under.counted('sum b 3')], [0, 1]);
      assert.deepEqual([await under.counted('tell a'), await under.counted('tell b')], [3, 1]);
      await replays.pass(replay, 1);
      assert.equal(await replays.finish(replay.id), false);
      const now = (await replays.find(replay.id)) ?? assert.fail();
      const held = await replays.held(replay.id, 10);
      assert.deepEqual([now.held, held.map((one) => one.message.position)], [2, [2, 4]]);
      const seen: number[] = [];
      const release = (one: (typeof held)[number]) =>
        replays.release(now, one, testCall(), async () => {
          seen.push(one.message.position);
          return undefined;
        });
      const [first, second] = [held[0] ?? assert.fail(), held[1] ?? assert.fail()];
      assert.equal(await release(second), 'elsewhere', 'it is not its turn');
      assert.deepEqual(
        [await release(first), await release(first), await release(second)],
        ['applied', 'elsewhere', 'applied'],
      );
      assert.deepEqual(seen, [2, 4]);
      assert.equal(await replays.finish(replay.id), true);
      assert.deepEqual(await replays.open(), []);
      await deliver(under, message(5, 'a'));
      assert.equal(await under.counted('sum a 5'), 1);
    });

    test('what was held back by a delivery that failed is not held', async () => {
      await using under = await open();
      const replay = await under.replays.begin(wish);
      await assert.rejects(deliver(under, message(1), true));
      assert.deepEqual(await under.replays.held(replay.id, 10), []);
    });

    test('a message that is parked is left to its key', async () => {
      await using under = await open();
      const { replays, deliveries } = under;
      const failure = { code: 'X', message: 'no', attempts: 1, at: 1_000, nextAt: undefined };
      await deliveries.park(message(1), failure);
      const replay = await replays.begin(wish);
      const outcome = replays.apply(replay, message(1), testCall(), async () => assert.fail('it comes by itself'));
      assert.equal(await outcome, 'waiting');
      assert.deepEqual([(await replays.find(replay.id))?.position, (await replays.find(replay.id))?.applied], [1, 0]);
    });

    test('a replay stops at a message, goes on, passes over it, is paused or cancelled, and who and why are kept', async () => {
      await using under = await open();
      const { replays } = under;
      for (const position of [1, 2, 3]) await deliver(under, message(position));
      const replay = await replays.begin(wish);
      const { id } = replay;
      const state = async () => {
        const { state: now, position, error } = (await replays.find(id)) ?? assert.fail();
        return [now, position, error?.message];
      };
      assert.equal(await replays.steer(id, 'skip', who), false, 'it has not stopped');
      await replays.stop(replay, { code: 'X', message: 'no such sku', id: message(2).id, position: 2 });
      assert.deepEqual(await state(), ['stopped', 0, 'no such sku']);
      assert.equal(await replays.pass(replay, 3), false);
      assert.equal(await replays.steer(id, 'skip', who), true);
      assert.deepEqual(await state(), ['running', 2, undefined]);
      assert.equal(await replays.steer(id, 'pause', who), true);
      assert.deepEqual(await state(), ['paused', 2, undefined]);
      assert.equal(await replays.finish(id), false);
      await replays.steer(id, 'resume', who);
      await deliver(under, message(4));
      await replays.steer(id, 'cancel', who);
      assert.deepEqual(await state(), ['running', 3, undefined]);
      const cancelled = (await replays.find(id)) ?? assert.fail();
      await replays.stop(cancelled, { code: 'X', message: 'no', id: message(4).id, position: 4 });
      await replays.steer(id, 'skip', who);
      assert.deepEqual(await replays.held(id, 9), []);
      assert.equal(await replays.finish(id), true);
      const done = await replays.find(id);
      assert.deepEqual(
        done?.actions.map(({ what, by }) => `${what} ${by}`),
        ['begin', 'skip', 'pause', 'resume', 'cancel', 'skip'].map((what) => `${what} sora`),
      );
      assert.equal(await replays.steer(id, 'resume', who), false);
      assert.equal(await replays.steer('01930000-0000-7000-8000-00000000dead', 'resume', who), false);
    });
  });
}
