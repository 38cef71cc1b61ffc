import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { Intervention } from '../parked-keys.port.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { OpenParkingDatabase, ParkingDatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { failure, id } from './sample-failure.ts';

const who: Intervention = { by: 'kim', why: 'ticket 7', at: 5_000 };

/** The contract of `DeliveryOperations`, which every adapter's test runs. */
export function deliveryOperationsContract<Tx extends Outbox>(name: string, open: OpenParkingDatabase<Tx>): void {
  describe(`${name}: what operators do about deliveries`, () => {
    const message = (position: number, key: string) =>
      foreignMessage({ position, key, id: id(position), data: { count: position } });
    const applyAll = async (db: ParkingDatabaseUnderTest<Tx>, key: string) => {
      const applied: unknown[] = [];
      for (;;) {
        const first = await db.deliveries.parked.first('other', key);
        if (first === undefined) return applied;
        await db.deliveries.parked.apply(first, testCall(), async () => void applied.push(first.message.data));
      }
    };
    async function withParked(): Promise<ParkingDatabaseUnderTest<Tx>> {
      const db = await open();
      await db.deliveries.park(message(1, 'a'), failure({ at: 1_000 }));
      await db.deliveries.park(message(2, 'b'), failure({ at: 2_000, nextAt: undefined }));
      await db.deliveries.deliver(message(3, 'a'), testCall(), async () => undefined);
      return db;
    }

    test('they list what is parked, and see its messages', async () => {
      await using db = await withParked();
      const { operations } = db.deliveries;
      const error = { code: 'TEST_BROKEN', message: 'it does not work' };
      const [a, b] = await operations.list({ limit: 9 });
      assert.deepEqual(a, {
        source: 'other',
        key: 'a',
        state: 'waiting',
        attempts: 1,
        since: 1_000,
        nextAt: 2_000,
        error,
        messages: 2,
        first: { id: id(1), type: 'other.happened' },
      });
      assert.deepEqual([b?.key, b?.state, b?.nextAt, b?.messages], ['b', 'stopped', undefined, 1]);
      for (const filter of [{ state: 'stopped' }, { key: 'b' }, { source: 'other', key: 'b' }] as const)
        assert.deepEqual(
          (await operations.list({ ...filter, limit: 9 })).map(({ key }) => key),
          ['b'],
        );
      assert.equal((await operations.list({ limit: 1 })).length, 1);
      assert.deepEqual(await operations.list({ source: 'another', limit: 9 }), []);
      const waiting = await operations.messages('other', 'a', 9);
      assert.deepEqual(
        waiting.map((one) => [one.message.id, one.edited]),
        [
          [id(1), undefined],
          [id(3), undefined],
        ],
      );
      assert.deepEqual(await operations.message('other', id(3)), waiting[1]);
      assert.equal(await operations.message('other', id(9)), undefined);
      assert.equal(await operations.message('another', id(3)), undefined);
    });

    test('they have a key tried at once, or all of them', async () => {
      await using db = await withParked();
      const { operations, parked } = db.deliveries;
      assert.deepEqual(await parked.due('other', 6_000, 9), ['a']);
      assert.equal(await operations.retry('other', 'b', who), 1);
      assert.deepEqual((await parked.due('other', 6_000, 9)).toSorted(), ['a', 'b']);
      assert.equal(await operations.retry('other', undefined, who), 2);
      assert.equal(await operations.retry('other', 'none', who), 0);
      const actions = await operations.actions(9);
      assert.deepEqual(
        actions.map(({ what, source, key, by, why, at }) => [what, source, key, by, why, at]),
        [
          ['retry', 'other', undefined, 'kim', 'ticket 7', 5_000],
          ['retry', 'other', 'b', 'kim', 'ticket 7', 5_000],
        ],
      );
    });

    test('they correct a message, and what it had is kept', async () => {
      await using db = await withParked();
      const { operations, parked } = db.deliveries;
      const before = await parked.first('other', 'b');
      assert.ok(before !== undefined);
      assert.equal(await operations.edit('other', id(2), { count: 20 }, who), true);
      assert.equal(
        await parked.apply(before, testCall(), async () => undefined),
        'elsewhere',
        'what was read before is old',
      );
      const [view] = await operations.messages('other', 'b', 9);
      assert.deepEqual(await operations.message('other', id(2)), view);
      assert.deepEqual([view?.message.data, view?.edited], [{ count: 2 }, { ...who, data: { count: 20 } }]);
      assert.deepEqual((await parked.due('other', 6_000, 9)).toSorted(), ['a', 'b'], 'it is tried at once');
      await operations.edit('other', id(2), null, who);
      assert.deepEqual(await applyAll(db, 'b'), [null]);
      assert.equal(await operations.edit('other', id(2), {}, who), false);
      assert.deepEqual(
        (await operations.actions(9)).map(({ what, id: of, detail }) => [what, of, detail]),
        [
          ['edit', id(2), { before: { count: 20 }, after: null }],
          ['edit', id(2), { before: { count: 2 }, after: { count: 20 } }],
        ],
      );
    });

    test('they skip a message, the rest of its key goes on, and it is kept among the actions', async () => {
      await using db = await withParked();
      const { operations } = db.deliveries;
      assert.equal(await operations.skip('other', id(1), who), true);
      assert.equal(await operations.skip('other', id(1), who), false);
      assert.equal(await operations.skip('other', id(2), who), true);
      assert.deepEqual(await applyAll(db, 'a'), [{ count: 3 }]);
      assert.deepEqual(await operations.list({ limit: 9 }), []);
      const [, skipped] = await operations.actions(9);
      assert.equal(skipped?.what, 'skip');
      assert.deepEqual((skipped.detail as { data: unknown }).data, { count: 1 });
      assert.equal(await db.deliveries.deliver(message(4, 'b'), testCall(), async () => undefined), 'applied');
    });

    test('they pause a source: nothing is applied, nothing is lost, and then it goes on', async () => {
      await using db = await withParked();
      const { deliveries } = db;
      await deliveries.operations.pause('other', who);
      assert.deepEqual((await deliveries.parked.standing('other')).paused, who);
      assert.equal(await deliveries.deliver(message(4, 'c'), testCall(), async () => undefined), 'paused');
      assert.equal(await deliveries.park(message(4, 'c'), failure()), 'paused');
      assert.equal(await deliveries.deliver(message(3, 'c'), testCall(), async () => undefined), 'duplicate');
      const byId = { by: 'id', stream: 'other' } as const;
      assert.equal(await deliveries.deliver(message(4, 'c'), testCall(), async () => undefined, byId), 'paused');
      assert.deepEqual(await deliveries.deliverBatch([message(4, 'c')], testCall(), async () => undefined), ['paused']);
      const first = await deliveries.parked.first('other', 'a');
      assert.ok(first !== undefined);
      assert.equal(await deliveries.parked.apply(first, testCall(), async () => undefined), 'elsewhere');
      await deliveries.operations.resume('other', who);
      assert.equal(await deliveries.deliver(message(4, 'c'), testCall(), async () => undefined), 'applied');
      await deliveries.operations.pause('unheard-of', who);
      assert.equal(await deliveries.position('unheard-of'), 0);
    });

    test('they set streams of a source back: those that are still where they were seen, to a position at most', async () => {
      await using db = await open();
      const { deliveries } = db;
      const [whole, ahead, behind, elsewhere, other] = [
        'other',
        'other/events/1',
        'other/events/2',
        'other/events/3',
        'others',
      ];
      const streams = [whole, ahead, behind, elsewhere, other];
      for (const [index, stream] of streams.entries()) {
        await deliveries.skipTo(stream, [5, 9, 2, 9, 9][index] ?? 0);
        await deliveries.enterEra(stream, stream === elsewhere ? 'e2' : 'e1');
      }
      const seen = [whole, ahead, behind, elsewhere, 'other/events/4'].map((stream) => ({ stream, era: 'e1' }));
      await deliveries.operations.pause(whole, who);
      assert.equal(await deliveries.operations.setBack(whole, seen, 3, who), 3);
      const noEra = undefined;
      assert.deepEqual(await deliveries.reached(streams), [
        { position: 3, era: noEra },
        { position: 3, era: noEra },
        { position: 2, era: noEra },
        { position: 9, era: 'e2' },
        { position: 9, era: 'e1' },
      ]);
      assert.equal((await deliveries.parked.standing(whole)).paused, undefined, 'it goes on');
      assert.equal(await deliveries.operations.setBack(whole, seen, 1, who), 0, 'they are in that era no more');
      assert.equal(await deliveries.operations.setBack(whole, [{ stream: ahead, era: noEra }], 1, who), 1);
      const actions = await deliveries.operations.actions(9);
      assert.deepEqual(
        actions.map(({ what, source, by, why, at }) => [what, source, by, why, at]),
        ['set-back', 'resume', 'set-back', 'pause'].map((what) => [what, 'other', 'kim', 'ticket 7', 5_000]),
      );
      const detail = (actions[2] ?? assert.fail()).detail as { after: number; streams: readonly object[] };
      const { after, streams: before } = detail;
      assert.deepEqual([after, before.length], [3, 3]);
      assert.deepEqual(
        before.find((one) => 'stream' in one && one.stream === ahead),
        {
          stream: ahead,
          position: 9,
          era: 'e1',
        },
      );
    });
  });
}
