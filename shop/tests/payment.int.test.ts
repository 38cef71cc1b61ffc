import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { payment } from '@shop/payment/contract';
import { paymentService } from '@shop/payment/service';
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
    authorise: (method: 'card' | 'declined-card' | 'expired-card') =>
      carryOut((tx) => handlers.authorise({ orderId, amount, method }, call, tx)),
    capture: (authorisationId: string) => carryOut((tx) => handlers.capture({ orderId, authorisationId }, call, tx)),
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
  await provider.giveUp();
  assert.equal(await provider.state(), 'captured');
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
