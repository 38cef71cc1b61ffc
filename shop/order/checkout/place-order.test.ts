import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import type { AnySaga, SagaChange, SagaEvent } from '@dure/saga';
import { advance, beginSaga } from '@dure/saga';
import { placeOrder } from './place-order.ts';

const orderId = '01900000-0000-7000-8000-00000000000a';
const authorisationId = '01900000-0000-7000-8000-00000000000b';
const lines = [{ sku: 'tea', quantity: 2 }];
const total = { amount: 36_000, currency: 'KRW' as const };
const address = { recipient: '소라', street: '세종대로 1', city: '서울', postcode: '04524' };
const input = { orderId, lines, total, method: 'card', address };
const saga: AnySaga = placeOrder;

const results: Readonly<Record<string, unknown>> = {
  reserve: { orderId },
  authorise: { authorisationId },
  capture: { captureId: '01900000-0000-7000-8000-00000000000c' },
  sell: null,
  ship: { shipmentId: '01900000-0000-7000-8000-00000000000d' },
};

/** Plays the checkout with participants that do everything, but for one that refuses. */
function play(refusing?: { readonly step: string; readonly code: string }) {
  const clock = fakeClock();
  const sent: string[] = [];
  const data: Record<string, unknown> = {};
  let change: SagaChange = beginSaga(saga, input, testCall(), { clock, ids: testIds() });
  for (let turn = 0; change.commands.length > 0 && turn < 20; turn += 1) {
    const [command] = change.commands;
    if (command === undefined || command.direction === 'end') break;
    const { step, direction, service, name } = command;
    sent.push(`${service}.${name}`);
    data[`${service}.${name}`] = command.data;
    const refused = direction === 'do' && step === refusing?.step;
    const reply: Extract<SagaEvent, { kind: 'replied' }>['reply'] = refused
      ? { ok: false, refusal: { code: refusing?.code ?? '', data: {} } }
      : { ok: true, value: direction === 'do' ? results[step] : null };
    change = advance(saga, change.instance, { kind: 'replied', step, direction, reply }, clock.now());
  }
  return { sent, data, ends: change.work.some(({ kind }) => kind === 'end'), why: change.instance.why };
}

test('an order goes from reserving to shipping, in this order', () => {
  const { sent, data, ends, why } = play();
  assert.deepEqual(sent, [
    'inventory.reserve',
    'payment.authorise',
    'payment.capture',
    'inventory.sell',
    'delivery.ship',
  ]);
  assert.deepEqual(data['inventory.reserve'], { orderId, lines });
  assert.deepEqual(data['payment.authorise'], { orderId, amount: total, method: 'card' });
  assert.deepEqual(data['payment.capture'], { orderId, authorisationId });
  assert.deepEqual(data['delivery.ship'], { orderId, address, lines });
  assert.deepEqual([ends, why], [true, undefined]);
});

test('without stock nothing has to be undone', () => {
  const { sent, ends, why } = play({ step: 'reserve', code: 'OutOfStock' });
  assert.deepEqual(sent, ['inventory.reserve']);
  assert.deepEqual([ends, why?.reason === 'refused' && why.code], [true, 'OutOfStock']);
});

test('when the card is declined the stock is given back', () => {
  const { sent, why } = play({ step: 'authorise', code: 'Declined' });
  assert.deepEqual(sent, ['inventory.reserve', 'payment.authorise', 'inventory.release']);
  assert.equal(why?.reason === 'refused' && why.code, 'Declined');
});

test('when the money cannot be taken, the hold is given up before the stock is given back', () => {
  const { sent, why } = play({ step: 'capture', code: 'CaptureRefused' });
  const undone = ['payment.voidAuthorisation', 'inventory.release'];
  assert.deepEqual(sent, ['inventory.reserve', 'payment.authorise', 'payment.capture', ...undone]);
  assert.equal(why?.reason === 'refused' && why.code, 'CaptureRefused');
});
