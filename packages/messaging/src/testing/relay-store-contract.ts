import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RelayStore } from '../relay-store.port.ts';

/** What a relay's store shows of itself to the contract suite. */
export interface RelayStoreUnderTest extends AsyncDisposable {
  readonly store: RelayStore;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

const [one, other] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];

/** The contract of `RelayStore`, which every adapter's test runs. */
export function relayStoreContract(name: string, open: () => Promise<RelayStoreUnderTest>): void {
  describe(`${name}: the mark of a relay`, () => {
    test('begins at 0, moves, and never goes back', async () => {
      await using under = await open();
      const { store } = under;
      assert.deepEqual(await store.claim(one, 1_000), { position: 0, heads: {} });
      assert.equal(await store.move(one, { position: 7, heads: { 'a/1': 7 } }, 1_000), true);
      assert.equal(await store.move(one, { position: 3, heads: { 'a/1': 3 } }, 1_000), true);
      assert.deepEqual(await store.claim(one, 1_000), { position: 7, heads: { 'a/1': 7 } });
    });

    test('one at a time has the turn, until it gives it back or is silent for too long', async () => {
      await using under = await open();
      const { store } = under;
      assert.ok(await store.claim(one, 200));
      assert.equal(await store.claim(other, 200), undefined);
      await store.release(other);
      assert.equal(await store.claim(other, 200), undefined);
      await store.release(one);
      assert.ok(await store.claim(other, 200));
      await under.pass(250);
      assert.ok(await store.claim(one, 200));
    });

    test('whoever has lost the turn moves nothing', async () => {
      await using under = await open();
      const { store } = under;
      await store.claim(one, 50);
      await under.pass(100);
      assert.ok(await store.claim(other, 1_000));
      assert.equal(await store.move(one, { position: 9, heads: {} }, 1_000), false);
      assert.deepEqual(await store.claim(other, 1_000), { position: 0, heads: {} });
    });
  });
}
