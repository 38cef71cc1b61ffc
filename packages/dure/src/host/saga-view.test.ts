import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personal } from '@dure/messaging';
import type { SagaInstance } from '@dure/saga';
import { saga, send } from '@dure/saga';
import { command, contract } from '@dure/service/contract';
import { z } from 'zod';
import { sagaView } from './saga-view.ts';

const Order = z.object({ orderId: z.string(), address: z.object({ street: z.string() }), state: z.string() });
const key = ({ orderId }: { readonly orderId: string }) => orderId;
const carrier = contract('carrier', {
  book: command({
    input: z.object({ orderId: z.string(), to: z.object({ address: z.string() }) }),
    output: personal(z.object({ driver: z.string(), orderId: z.string() }), {
      subject: ({ orderId }) => orderId,
      masked: { driver: '' },
    }),
    sensitive: ['to.address', 'state'],
    key,
  }),
});
const order = saga('order', { input: Order, key, sensitive: ['pin'] })
  .pivot(
    'book',
    send(carrier.commands.book, ({ input: { orderId, address } }) => ({ orderId, to: { address: address.street } })),
  )
  .sleep('rest', 1_000)
  .end({});
const instance: SagaInstance = {
  id: '01930000-0000-7000-8000-000000000000',
  saga: 'order',
  version: 1,
  shape: order.shape,
  key: 'o-1',
  input: { orderId: 'o-1', address: { street: 'Main' }, cards: [{ pin: 1234, bank: 'b' }] },
  phase: 'forward',
  status: 'open',
  steps: [
    { step: 'book', state: 'done', result: { driver: 'Kim', orderId: 'o-1' }, order: 0 },
    { step: 'rest', state: 'sent', attempts: 1, dueAt: 5_000, data: { to: { address: 'Main' } } },
  ],
  startedAt: 1_000,
  traceparent: '00-7c1d02e94ab85f3160d2c7f4b1e8a935-00f067aa0ba902b7-01',
  correlation: 'c',
};

test('what is sensitive in one place is masked in all: input, results and data; the engine’s own fields are not', () => {
  const { input, steps } = sagaView([order]).whole(instance, []) as Record<string, unknown>;
  assert.deepEqual(input, { orderId: 'o-1', address: '***', cards: [{ pin: '***', bank: 'b' }] });
  assert.deepEqual(steps, [
    { step: 'book', state: 'done', result: { driver: '***', orderId: 'o-1' }, order: 0 },
    { step: 'rest', state: 'sent', attempts: 1, dueAt: 5_000, data: { to: { address: '***' } } },
  ]);
});

test('the data of a refusal is masked, its code and step are not', () => {
  const why = { reason: 'refused', step: 'book', code: 'NoDriver', data: { address: 'Main', city: 'Oslo' } } as const;
  const { why: shown } = sagaView([order]).whole({ ...instance, why }, []) as { readonly why: unknown };
  assert.deepEqual(shown, { ...why, data: { address: '***', city: 'Oslo' } });
});

test('the steps to come are told from the definition, and none where it is not listed any more', () => {
  const { plan, traceId, dueAt } = sagaView([order]).whole(instance, []) as Record<string, unknown>;
  assert.deepEqual(plan, [
    { step: 'book', kind: 'pivot', node: 'command', does: 'carrier.book' },
    { step: 'rest', kind: 'retriable', node: 'wait' },
  ]);
  assert.deepEqual([traceId, dueAt], ['7c1d02e94ab85f3160d2c7f4b1e8a935', 5_000]);
  const old = sagaView([order]).whole({ ...instance, version: 7 }, []) as { readonly plan: unknown };
  assert.deepEqual(old.plan, []);
});
