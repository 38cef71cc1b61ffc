import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDureError, isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { sql } from '@dure/postgres';
import type { PaymentMethod } from '@shop/payment/contract';
import { payment } from '@shop/payment/contract';
import { paymentService } from '@shop/payment/service';
import type { z } from 'zod';
import { serviceBench } from './service-bench.ts';

const call = testCall();
const orderId = '01900000-0000-7000-8000-00000000000a';
const amount = { amount: 68_000, currency: 'KRW' as const };
const refused = (code: string, why: string) => (error: unknown) => {
  assert.ok(isRefusal(error), String(error));
  assert.deepEqual([error.code, error.data], [code, { why }]);
  return true;
};

async function bench() {
  const made = await serviceBench(payment, paymentService);
  const { handlers, carryOut } = made;
  return {
    authorise: (method: z.output<typeof PaymentMethod>) =>
      carryOut((tx) => handlers.authorise({ orderId, amount, method }, call, tx)),
    capture: (authorisationId: string) => carryOut((tx) => handlers.capture({ orderId, authorisationId }, call, tx)),
    ask: () => carryOut((tx) => handlers.askAuthorised({ orderId }, call, tx)),
    rows: async (table: 'capture' | 'refund') => {
      const { rows } = await sql<{ amount: number }>`select amount from ${sql.table(table)}`.execute(made.db.read);
      return rows.map((row) => row.amount);
    },
    /** As if the authorisation had been asked for so many milliseconds earlier. */
    letPass: (ms: number) =>
      carryOut((tx) => sql`update authorisation set at = at - make_interval(secs => ${ms / 1_000})`.execute(tx.db)),
    giveUp: () => carryOut((tx) => handlers.voidAuthorisation({ orderId }, call, tx)),
    state: async () => (await handlers.getPayment({ params: { orderId } }, call)).state,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

test('money is held, then taken, each once however often it is asked for', async () => {
  await using provider = await bench();
  const held = await provider.authorise('card');
  assert.deepEqual(await provider.authorise('card'), held);
  assert.equal(await provider.state(), 'authorised');
  const taken = await provider.capture(held.authorisationId);
  assert.deepEqual(await provider.capture(held.authorisationId), taken);
  assert.equal(await provider.state(), 'captured');
  assert.deepEqual(await provider.rows('refund'), []);
});

test('a declined card holds nothing', async () => {
  await using provider = await bench();
  await assert.rejects(provider.authorise('declined-card'), refused('Declined', 'card-declined'));
  await assert.rejects(provider.state(), (error) => isRefusal(error) && error.code === 'UnknownPayment');
  await provider.giveUp();
});

test('an expired card is found out when the money is taken, and the hold can be given up', async () => {
  await using provider = await bench();
  const { authorisationId } = await provider.authorise('expired-card');
  await assert.rejects(provider.capture(authorisationId), refused('CaptureRefused', 'card-expired'));
  await provider.giveUp();
  assert.equal(await provider.state(), 'voided');
  await assert.rejects(provider.capture(authorisationId), refused('CaptureRefused', 'not-authorised'));
});

test('an authorisation of another order is not taken', async () => {
  await using provider = await bench();
  await provider.authorise('card');
  await assert.rejects(provider.capture(crypto.randomUUID()), refused('CaptureRefused', 'not-authorised'));
});

test('a slow card holds the money and says nothing; whoever asks by another way is told', async () => {
  await using provider = await bench();
  assert.deepEqual(await provider.ask(), { done: false });
  for (const _ of [1, 2]) {
    await assert.rejects(provider.authorise('slow-card'), (error) => {
      assert.ok(isDureError(error) && error.code === 'PAYMENT_PROVIDER_SILENT', String(error));
      return !error.retryable;
    });
  }
  assert.equal(await provider.state(), 'authorised');
  const { done, result } = await provider.ask();
  assert.ok(done && result !== undefined);
  await provider.letPass(12_000);
  assert.deepEqual(await provider.authorise('slow-card'), result);
  await provider.capture(result.authorisationId);
  assert.deepEqual(await provider.ask(), { done: false }, 'what has been taken is not held any more');
});

test('a lying card is charged and said to be refused; giving up gives the money back, once', async () => {
  await using provider = await bench();
  const { authorisationId } = await provider.authorise('lying-card');
  await assert.rejects(provider.capture(authorisationId), refused('CaptureRefused', 'card-expired'));
  assert.deepEqual([await provider.state(), await provider.rows('capture')], ['captured', [68_000]]);
  for (const _ of [1, 2]) await provider.giveUp();
  assert.deepEqual([await provider.state(), await provider.rows('refund')], ['voided', [68_000]]);
});
