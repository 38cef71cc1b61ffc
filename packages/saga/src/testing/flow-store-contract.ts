import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testCall } from '@dure/core/testing';
import type { UnitOfWork } from '@dure/messaging';
import type { FlowSighting, FlowStore } from '../flow-store.port.ts';

/** What an adapter shows of itself to the contract suite of flow stores. */
export interface FlowsUnderTest<Tx> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly flows: FlowStore<Tx>;
}

const started: FlowSighting = {
  flow: 'restocking',
  correlation: 'c-1',
  lastEvent: 'stock.ranLow',
  lastAt: 1_000,
  dueAt: 61_000,
  ends: false,
};
const { dueAt: _, ...later } = { ...started, lastEvent: 'depot.sent', lastAt: 2_000 };

/** The contract of `FlowStore`, for every adapter. */
export function flowStoreContract<Tx>(name: string, open: () => Promise<FlowsUnderTest<Tx>>): void {
  describe(`${name}: watched flows`, () => {
    const see = ({ uow, flows }: FlowsUnderTest<Tx>, sighting: FlowSighting) =>
      uow(testCall(), (tx) => flows.see(tx, sighting));
    const stalled = ({ uow, flows }: FlowsUnderTest<Tx>, now: number) =>
      uow(testCall(), (tx) => flows.stalled(tx, now, 10));

    test('one that does not end in time is told of once, with its latest event', async () => {
      await using under = await open();
      await see(under, later);
      await see(under, started);
      assert.deepEqual(await stalled(under, 60_999), []);
      const told = { flow: 'restocking', correlation: 'c-1', lastEvent: 'depot.sent', lastAt: 2_000 };
      assert.deepEqual(await stalled(under, 61_000), [told]);
      assert.deepEqual(await stalled(under, 61_000), []);
    });

    test('one that ends is not told of, in whichever order its events come', async () => {
      await using under = await open();
      await see(under, { ...later, ends: true });
      await see(under, started);
      await see(under, { ...started, correlation: 'c-2' });
      await see(under, { ...later, correlation: 'c-2', ends: true });
      assert.deepEqual(await stalled(under, 100_000), []);
    });

    test('what has ended or was told of is forgotten', async () => {
      await using under = await open();
      await see(under, started);
      await under.uow(testCall(), (tx) => under.flows.forget(tx, 5_000));
      assert.equal((await stalled(under, 61_000)).length, 1, 'it was still awaited');
      await under.uow(testCall(), (tx) => under.flows.forget(tx, 5_000));
      await see(under, started);
      assert.equal((await stalled(under, 61_000)).length, 1, 'it is a new one');
    });
  });
}
