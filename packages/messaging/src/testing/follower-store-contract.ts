import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import type { FollowerStore, LaneLease } from '../followers/follower-store.port.ts';
import { everyLane } from '../lane.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { noted } from './sample-contracts.ts';

/** A database adapter whose followers are tested. */
export interface FollowersUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly followers: FollowerStore<Tx>;
}

const leaseMs = 10_000;
const [me, other] = ['01930000-0000-7000-8000-00000000000a', '01930000-0000-7000-8000-00000000000b'];

/** The contract of `FollowerStore`; the database goes by the clock that it is given. */
export function followerStoreContract<Tx extends Outbox>(
  name: string,
  open: (clock: FakeClock) => Promise<FollowersUnderTest<Tx>>,
): void {
  const world = async () => {
    const clock = fakeClock();
    const db = await open(clock);
    await db.followers.open('f', 3);
    const claim = async (member = me): Promise<LaneLease> => {
      const lease = await db.followers.claim('f', member, leaseMs);
      assert.ok(lease !== undefined);
      return lease;
    };
    const apply = (lease: LaneLease, to: number) =>
      db.followers.apply(lease, to, leaseMs, testCall(), async (tx) => {
        await db.count(tx, 'followed');
        tx.emit(noted, { key: 'k', count: to });
      });
    const lanes = async () => {
      const [view] = await db.followers.view('f');
      return view?.lanes.map(({ from, to, position, owner }) => [from, to, position, owner]);
    };
    return { db, clock, claim, apply, lanes, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
  };

  describe(`${name}: followers`, () => {
    test('a new follower has all lanes in one range, at the position it was opened with; opening again changes nothing', async () => {
      await using it = await world();
      await it.db.followers.open('f', 9);
      assert.deepEqual(await it.lanes(), [[0, 255, 3, undefined]]);
    });

    test('lanes are claimed by one process, and by another when the lease has run out', async () => {
      await using it = await world();
      const lease = await it.claim();
      assert.deepEqual({ ...lease, epoch: 0 }, { ...everyLane, follower: 'f', owner: me, epoch: 0, position: 3 });
      assert.equal(await it.db.followers.claim('f', other, leaseMs), undefined);
      await it.clock.advance(leaseMs);
      const taken = await it.claim(other);
      assert.ok(taken.epoch > lease.epoch);
    });

    test('of rivals that claim at the same time, one gets the lanes', async () => {
      await using it = await world();
      const claims = [1, 2, 3, 4].map((at) => it.db.followers.claim('f', `${me.slice(0, -1)}${at}`, leaseMs));
      assert.equal((await Promise.all(claims)).filter((lease) => lease !== undefined).length, 1);
    });

    test('the position moves with the effect, and the lease is renewed by it', async () => {
      await using it = await world();
      const lease = await it.claim();
      await it.clock.advance(leaseMs - 1);
      assert.equal(await it.apply(lease, 5), 'applied');
      await it.clock.advance(leaseMs - 1);
      assert.deepEqual(await it.lanes(), [[0, 255, 5, me]]);
      assert.equal(await it.db.counted('followed'), 1);
      assert.equal((await it.db.log.read(0, 'all', 10)).messages.length, 1);
    });

    test('an effect that fails moves nothing', async () => {
      await using it = await world();
      const lease = await it.claim();
      const failing = it.db.followers.apply(lease, 5, leaseMs, testCall(), async (tx) => {
        await it.db.count(tx, 'followed');
        throw new TypeError('no');
      });
      await assert.rejects(failing, /no/);
      assert.deepEqual(await it.lanes(), [[0, 255, 3, me]]);
      assert.equal(await it.db.counted('followed'), 0);
    });

    test('what a process does with lanes that it has lost is rolled back when it commits', async () => {
      await using it = await world();
      const lease = await it.claim();
      const outcome = await it.db.followers.apply(lease, 5, leaseMs, testCall(), async (tx) => {
        await it.db.count(tx, 'followed');
        tx.emit(noted, { key: 'k', count: 1 });
        // It freezes here, for longer than its lease.
        await it.clock.advance(leaseMs);
        await it.claim(other);
      });
      assert.equal(outcome, 'lost');
      assert.deepEqual(await it.lanes(), [[0, 255, 3, other]]);
      assert.equal(await it.db.counted('followed'), 0);
      assert.deepEqual((await it.db.log.read(0, 'all', 10)).messages, []);
      assert.equal(await it.apply(lease, 5), 'lost');
    });

    test('a lease that has run out serves for as long as nobody has taken the lanes', async () => {
      await using it = await world();
      const lease = await it.claim();
      await it.clock.advance(2 * leaseMs);
      assert.equal(await it.apply(lease, 5), 'applied');
      assert.deepEqual(await it.lanes(), [[0, 255, 5, me]]);
    });

    test('a sign of life renews leases, stores positions and shows who else is there', async () => {
      await using it = await world();
      const lease = await it.claim();
      await it.db.followers.beat('f', other, [], leaseMs);
      await it.clock.advance(leaseMs - 1);
      const view = await it.db.followers.beat('f', me, [{ ...lease, position: 8 }], leaseMs);
      assert.deepEqual(view.members.toSorted(), [me, other]);
      assert.deepEqual(view.lanes, [{ ...everyLane, position: 8, owner: me, epoch: lease.epoch }]);
      await it.clock.advance(1);
      const later = await it.db.followers.beat('f', me, [{ ...lease, position: 4 }], leaseMs);
      assert.deepEqual(later.members, [me], 'the other has not been heard of');
      assert.equal(later.lanes[0]?.position, 8, 'a position never goes back');
      await it.db.followers.leave('f', me);
      assert.deepEqual((await it.db.followers.view('f'))[0]?.members, []);
    });

    test('lanes that are left are free at once, at the position that was reached', async () => {
      await using it = await world();
      const lease = await it.claim();
      await it.db.followers.release({ ...lease, position: 7 });
      assert.deepEqual(await it.lanes(), [[0, 255, 7, undefined]]);
      const taken = await it.claim(other);
      await it.db.followers.release({ ...lease, position: 9 });
      assert.deepEqual(await it.lanes(), [[0, 255, 7, other]], 'by whoever lost them, nothing is left');
      assert.equal(taken.position, 7);
    });

    test('a range is split into a half that is kept and a half that is free, and neighbours are joined again', async () => {
      await using it = await world();
      const whole = await it.claim();
      const lower = await it.db.followers.split({ ...whole, position: 6 });
      assert.deepEqual(await it.lanes(), [
        [0, 127, 6, me],
        [128, 255, 6, undefined],
      ]);
      assert.equal(await it.apply(whole, 7), 'lost', 'the lease of the whole has ended with it');
      assert.equal(await it.db.followers.split(whole), undefined);
      const upper = await it.claim();
      assert.ok(lower !== undefined);
      assert.equal(
        await it.db.followers.merge(lower, { ...upper, position: 8 }),
        undefined,
        'not where they stand apart',
      );
      const joined = await it.db.followers.merge(lower, upper);
      assert.deepEqual(await it.lanes(), [[0, 255, 6, me]]);
      assert.ok(joined !== undefined);
      assert.equal(await it.apply(lower, 7), 'lost');
      assert.equal(await it.apply(joined, 7), 'applied');
    });

    test('a range that somebody else has taken is not joined', async () => {
      await using it = await world();
      const lower = await it.db.followers.split(await it.claim());
      const upper = await it.claim(other);
      assert.ok(lower !== undefined);
      assert.equal(await it.db.followers.merge(lower, { ...upper, owner: me }), undefined);
      assert.equal((await it.lanes())?.length, 2);
    });

    test('a single lane is not split', async () => {
      await using it = await world();
      let lease = await it.claim();
      for (let halvings = 0; halvings < 8; halvings += 1) {
        const lower = await it.db.followers.split(lease);
        assert.ok(lower !== undefined);
        lease = lower;
      }
      assert.deepEqual([lease.from, lease.to], [0, 0]);
      assert.equal(await it.db.followers.split(lease), undefined);
    });

    test('pausing is seen by all, with its reason, and ends', async () => {
      await using it = await world();
      await it.db.followers.pause('f', 'the mail server is down');
      assert.equal((await it.db.followers.beat('f', other, [], leaseMs)).paused, 'the mail server is down');
      await it.db.followers.pause('f', undefined);
      assert.equal((await it.db.followers.view())[0]?.paused, undefined);
    });

    test('putting a follower back takes the lanes from whoever holds them', async () => {
      await using it = await world();
      const lease = await it.claim();
      await it.apply(lease, 9);
      await it.db.followers.reset('f', 1);
      assert.deepEqual(await it.lanes(), [[0, 255, 1, undefined]]);
      assert.equal(await it.apply(lease, 10), 'lost');
      assert.equal((await it.claim()).position, 1);
    });
  });
}
