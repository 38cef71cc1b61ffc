import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { event } from '@dure/messaging';
import { foreignMessage } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { beginSaga } from './begin-saga.ts';
import { resultsOf } from './instance.ts';
import { saga } from './saga-builder.ts';
import { sagaRunner } from './saga-runner.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import { sampleInput } from './testing/sample-saga.ts';

const paid = event('bank.paid', {
  version: 2,
  schema: sampleInput,
  upcast: { 1: (old: { readonly order: string }) => ({ orderId: old.order, count: 1 }) },
  key: ({ orderId }) => orderId,
});
const waiting = saga('waiting', { input: sampleInput, key: ({ orderId }) => orderId })
  .wait('payment', paid, { key: ({ input }) => input.orderId, timeoutMs: 1_000, otherwise: 'turn-back' })
  .end();

test('a saga hears what an older release has written as the present version of it, and nothing of one that is not known', async () => {
  const clock = fakeClock();
  const own = ids(clock, seededRandom(1));
  const order = memorySagas({ service: 'order', clock, ids: own });
  const kit = { store: order.store, unitOfWork: order, clock, ids: own, telemetry: silentTelemetry() };
  const runner = sagaRunner({ ...kit, service: 'order', definitions: [waiting] });
  const change = beginSaga(waiting, { orderId: 'o-1', count: 1 }, testCall(), { clock, ids: own });
  await order.uow(testCall(), async (tx) => order.store.insert(tx, change));
  const told = (version: number, data: unknown) =>
    order.uow(testCall(), (tx) =>
      runner.handleEvent(foreignMessage({ type: 'bank.paid', key: 'o-1', version, data }), testCall(), tx),
    );
  await assert.rejects(told(3, {}), (error) => codeOf(error) === 'MESSAGING_VERSION_UNKNOWN');
  await told(1, { order: 'o-1' });
  const instance = (await order.store.find(change.instance.id)) ?? assert.fail('it is gone');
  assert.deepEqual(resultsOf(instance), { payment: { orderId: 'o-1', count: 1 } });
});
