import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { asideBytes, claimIn, redeemed } from '../claim-check.ts';
import type { PayloadStore } from '../payload-store.port.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { largeNoted, noted } from './sample-contracts.ts';

/** A database that puts data aside. */
export interface PayloadsUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly payloads: PayloadStore;
}

const all = { events: ['test.noted', 'test.largeNoted'], destination: undefined };

/** The contract of `PayloadStore`, which every adapter's test runs. */
export function payloadStoreContract<Tx extends Outbox>(
  name: string,
  open: () => Promise<PayloadsUnderTest<Tx>>,
): void {
  describe(`${name}: large data`, () => {
    test('data beyond the limit are put aside with the commit, and redeemed as they were', async () => {
      await using db = await open();
      const text = '두레🛒'.repeat(asideBytes);
      await db.uow(testCall(), async (tx) => {
        tx.emit(noted, { key: 'a'.repeat(asideBytes - 200), count: 1 });
        tx.emit(largeNoted, { key: 'k', text });
      });
      const [small, large] = (await db.log.read(0, all, 10)).messages;
      assert.ok(small !== undefined && large !== undefined);
      assert.deepEqual([small.meta.claim, claimIn(small)], [undefined, undefined]);
      const claim = claimIn(large) ?? assert.fail('it has put nothing aside');
      assert.equal(large.data, `sha256:${claim.sha256}`);
      assert.equal(claim.bytes, Buffer.byteLength(JSON.stringify({ key: 'k', text })));
      const whole = await redeemed(large, db.payloads.read(claim));
      assert.deepEqual(whole.data, { key: 'k', text });
    });

    test('what is rolled back puts nothing aside; the same data twice are there once', async () => {
      await using db = await open();
      const emit = (fail: boolean) =>
        db.uow(testCall(), async (tx) => {
          for (const _ of [1, 2]) tx.emit(largeNoted, { key: 'k', text: 'x'.repeat(asideBytes) });
          if (fail) throw new TypeError('no');
        });
      await assert.rejects(emit(true));
      const claim = { sha256: '0'.repeat(64), bytes: 1 };
      const gone = async () => {
        for await (const _ of db.payloads.read(claim)) assert.fail('there is nothing');
      };
      await assert.rejects(gone(), (error) => codeOf(error) === 'MESSAGING_CLAIM_GONE');
      await emit(false);
      await emit(false);
      const { messages } = await db.log.read(0, all, 10);
      assert.equal(messages.length, 4);
      assert.equal(new Set(messages.map(({ meta }) => meta.claim?.sha256)).size, 1);
      for (const message of messages) {
        const whole = await redeemed(message, db.payloads.read(message.meta.claim ?? claim));
        assert.deepEqual(whole.data, { key: 'k', text: 'x'.repeat(asideBytes) });
      }
    });
  });
}
