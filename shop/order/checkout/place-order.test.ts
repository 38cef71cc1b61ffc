import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnySaga, SagaInstance } from '@dure/saga';
import { advance, isPinnedTo, stateOf } from '@dure/saga';
import { crashEverywhere, spec } from '@dure/saga/testing';
import { placeOrder } from './place-order.ts';
import { placeOrder1 } from './place-order-1.ts';

const orderId = '01900000-0000-7000-8000-00000000000a';
const authorisationId = '01900000-0000-7000-8000-00000000000b';
const lines = [{ sku: 'tea', quantity: 2 }];
const total = { amount: 36_000, currency: 'KRW' as const };
const address = { recipient: '소라', street: '세종대로 1', city: '서울', postcode: '04524' };
const input = { orderId, lines, total, method: 'card' as const, address };
const money = { authorisationId };
const capture = { captureId: '01900000-0000-7000-8000-00000000000c' };
const ship = { shipmentId: '01900000-0000-7000-8000-00000000000d' };

const held = () => spec(placeOrder).start(input).replies('hold.stock', { orderId }).replies('hold.money', money);

test('stock and money are held side by side, then the money is taken, then the goods are handed over', () => {
  const { sent } = held()
    .replies('capture', capture)
    .replies('handOver.ship', ship)
    .replies('handOver.sell')
    .expectState('completed');
  assert.deepEqual(
    sent.map(({ service, name }) => `${service}.${name}`),
    ['inventory.reserve', 'payment.authorise', 'payment.capture', 'inventory.sell', 'delivery.ship'],
  );
  const [reserve, authorise, take, , carry] = sent.map(({ data }) => data);
  assert.deepEqual(reserve, { orderId, lines });
  assert.deepEqual(authorise, { orderId, amount: total, method: 'card' });
  assert.deepEqual(take, { orderId, authorisationId });
  assert.deepEqual(carry, { orderId, address, lines });
});

test('without stock the money is given up, without money the stock is put back', () => {
  const outOfStock = { sku: 'tea', available: 1 };
  spec(placeOrder)
    .start(input)
    .refuses('hold.stock', 'OutOfStock', outOfStock)
    .replies('hold.money', money)
    .expectWhy({ reason: 'refused', step: 'hold.stock', code: 'OutOfStock', data: outOfStock })
    .expectUndone('hold.money');
  spec(placeOrder)
    .start(input)
    .refuses('hold.money', 'Declined')
    .replies('hold.stock', { orderId })
    .expectUndone('hold.stock');
});

test('when the money cannot be taken, both holds are given up', () => {
  held()
    .refuses('capture', 'CaptureRefused', { why: 'card-expired' })
    .expectWhy({ reason: 'refused', step: 'capture', code: 'CaptureRefused', data: { why: 'card-expired' } })
    .expectUndone('hold.money', 'hold.stock');
});

test('when nobody answers for the money, the provider is asked whether it holds it', () => {
  const asked = () =>
    spec(placeOrder)
      .start(input)
      .replies('hold.stock', { orderId })
      .passes(1_500)
      .passes(3_000)
      .expectSent('hold.money', 'ask');
  const told = { ok: true, value: { done: true, result: money } } as const;
  const { sent } = asked().receives('hold.money', 'ask', told).replies('capture', capture);
  assert.deepEqual(
    sent.map(({ service, name }) => `${service}.${name}`),
    [
      ...['inventory.reserve', 'payment.authorise', 'payment.authorise', 'payment.askAuthorised', 'payment.capture'],
      ...['inventory.sell', 'delivery.ship'],
    ],
  );
  asked()
    .receives('hold.money', 'ask', { ok: true, value: { done: false } })
    .expectWhy({ reason: 'timed-out', step: 'hold.money' })
    .expectUndone('hold.money', 'hold.stock');
});

test('whatever is refused, repeated, overtaken or late, an order ends with nothing half-done', () => {
  const answers = { 'hold.stock': { orderId }, 'hold.money': money, capture, 'handOver.ship': ship };
  const { states, completed, compensated } = crashEverywhere(placeOrder, { input, answers, faults: 1, timeouts: 1 });
  assert.ok(states > 1_000 && completed > 0 && compensated > 0, JSON.stringify({ states, completed, compensated }));
});

/** An order under way, as the release before wrote it. */
const begunBefore: SagaInstance = {
  id: '01900000-0000-7000-8000-0000000000ff',
  saga: 'place-order',
  version: 1,
  shape:
    'reserve:compensatable:inventory.reserve/inventory.release authorise:compensatable:payment.authorise/payment.voidAuthorisation capture:pivot:payment.capture sell:retriable:inventory.sell ship:retriable:delivery.ship',
  key: orderId,
  input,
  phase: 'forward',
  status: 'open',
  steps: [
    { step: 'reserve', state: 'done', result: { orderId } },
    { step: 'authorise', state: 'done', result: money },
    { step: 'capture', state: 'sent', attempts: 1, dueAt: 1_767_225_610_000 },
  ],
  deadlineAt: 1_767_225_630_000,
  startedAt: 1_767_225_600_000,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlation: '0af7651916cd43dd8448eb211c80319c',
};

test('an order that began before the checkout worked side by side goes its own way to the end', () => {
  const saga = placeOrder1 as unknown as AnySaga;
  assert.ok(isPinnedTo(begunBefore, saga));
  const now = 1_767_225_601_000;
  const reply = (step: string, value: unknown, instance: SagaInstance) =>
    advance(saga, instance, { kind: 'replied', step, direction: 'do', reply: { ok: true, value } }, now).instance;
  const shipped = reply('ship', ship, reply('sell', null, reply('capture', capture, begunBefore)));
  assert.equal(stateOf(advance(saga, shipped, { kind: 'end-succeeded' }, now).instance), 'completed');
  const refusal = { ok: false as const, refusal: { code: 'CaptureRefused', data: {} } };
  const back = advance(saga, begunBefore, { kind: 'replied', step: 'capture', direction: 'do', reply: refusal }, now);
  assert.deepEqual(
    back.commands.map(({ service, name }) => `${service}.${name}`),
    ['payment.voidAuthorisation'],
  );
});
