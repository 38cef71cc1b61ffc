import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { ids, seededRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Message, ReplyData } from '@dure/messaging';
import { event } from '@dure/messaging';
import { silentTelemetry } from '@dure/telemetry';
import { beginSaga } from './begin-saga.ts';
import { stateOf } from './instance.ts';
import type { AnySaga, StepContext } from './saga.ts';
import { saga } from './saga-builder.ts';
import { sagaRunner } from './saga-runner.ts';
import { send } from './send.ts';
import type { MemorySagaTx } from './testing/memory-sagas.ts';
import { memorySagas } from './testing/memory-sagas.ts';
import { sampleCommands, sampleInput } from './testing/sample-saga.ts';

const { reserve, release } = sampleCommands;
const options = { input: sampleInput, key: ({ orderId }: { readonly orderId: string }) => orderId };
type Known = StepContext<{ readonly orderId: string; readonly count: number }>;
const reserving = send(reserve, (c: Known) => c.input);
const releasing = { undo: send(release, ({ input: { orderId } }: Known) => ({ orderId })) };

const Approval: Schema<{ readonly by: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as { by?: unknown }).by === 'string'
        ? { value: value as { by: string } }
        : { issues: [{ message: 'expected string', path: ['by'] }] },
  },
};
const approved = event('desk.approved', { schema: Approval, key: ({ by }) => by });

const inner = saga('inner', options).step('reserve', reserving, releasing).end();
const outer = saga('outer', options)
  .local('first', (tx: MemorySagaTx, c) => tx.set('first', c.input.orderId), {
    undo: (tx: MemorySagaTx) => tx.set('first', 'taken back'),
  })
  .sub('inner', inner, (c) => c.input, { nothingToUndo: 'it is given back by itself' })
  .wait('approval', approved, { key: (c) => c.input.orderId, timeoutMs: 3_600_000, otherwise: 'turn-back' })
  .local(
    'last',
    (tx: MemorySagaTx, c) => {
      tx.set('last', c.done.approval.by);
      if (c.done.approval.by === 'nobody') throw new TypeError('who is that?');
    },
    { nothingToUndo: 'a note' },
  )
  .end();

function world() {
  const clock = fakeClock();
  const own = ids(clock, seededRandom(7));
  const order = memorySagas({ service: 'order', clock, ids: own });
  const definitions = [outer, inner] as unknown as readonly AnySaga[];
  const parts = { store: order.store, unitOfWork: order, clock, ids: own, telemetry: silentTelemetry() };
  const runner = sagaRunner({ service: 'order', definitions, ...parts });
  const message = (kind: 'event' | 'reply', data: unknown, more: object): Message =>
    ({
      id: own.uuid(),
      kind,
      source: 'desk',
      type: 'desk.approved',
      version: 1,
      position: 1,
      at: 0,
      data,
      ...more,
    }) as Message;
  return {
    clock,
    order,
    runner,
    async start() {
      const change = beginSaga(outer as unknown as AnySaga, { orderId: 'o-1', count: 1 }, testCall(), {
        clock,
        ids: own,
      });
      await order.uow(testCall(), async (tx) => order.store.insert(tx, change));
      runner.run();
      await clock.advance(10);
      return change.instance.id;
    },
    async answer(data: ReplyData) {
      const command = order.messages.findLast(({ kind }) => kind === 'command');
      const reply = message('reply', data, { meta: command?.meta });
      await order.uow(testCall(), (tx) => runner.handleReply(reply, testCall(), tx));
    },
    happens: (data: unknown, key = 'o-1') =>
      order.uow(testCall(), (tx) => runner.handleEvent(message('event', data, { key, meta: {} }), testCall(), tx)),
    async state(id: string) {
      const instance = await order.store.find(id);
      return instance && stateOf(instance);
    },
  };
}

const ok: ReplyData = { ok: true, value: { reservationId: 'r-1' } };

test('local steps, a saga within the saga and an event move it to its end', async () => {
  const shop = world();
  await using _runner = shop.runner;
  const id = await shop.start();
  assert.equal(shop.order.values.get('first'), 'o-1');
  const [child] = await shop.order.store.list({ saga: 'inner', limit: 1 });
  assert.equal(child?.key, 'outer/o-1/inner');
  await shop.answer(ok);
  assert.deepEqual([await shop.state(child?.id ?? ''), await shop.state(id)], ['completed', 'running']);
  await shop.happens({ by: 'mina' }, 'o-2');
  assert.equal(await shop.state(id), 'running');
  await shop.happens({ by: 'mina' });
  assert.equal(await shop.state(id), 'completed');
  assert.equal(shop.order.values.get('last'), 'mina');
});

test('an event that came before it was waited for counts', async () => {
  const shop = world();
  await using _runner = shop.runner;
  const id = await shop.start();
  await shop.happens({ by: 'jun' });
  await shop.answer(ok);
  assert.equal(await shop.state(id), 'completed');
});

test('a saga within a saga that is compensated is a refusal, and what was done here is taken back', async () => {
  const shop = world();
  await using _runner = shop.runner;
  const id = await shop.start();
  await shop.answer({ ok: false, refusal: { code: 'OutOfStock', data: { available: 0 } } });
  assert.equal(await shop.state(id), 'compensated');
  assert.equal(shop.order.values.get('first'), 'taken back');
  const why = { reason: 'refused', step: 'inner', code: 'OutOfStock', data: { available: 0 } };
  assert.deepEqual((await shop.order.store.find(id))?.why, why);
});

test('local work that fails leaves nothing of it, and is done again until an operator is asked', async () => {
  const shop = world();
  await using _runner = shop.runner;
  const id = await shop.start();
  await shop.answer(ok);
  await shop.happens({ by: 'nobody' });
  assert.equal(shop.order.values.get('last'), undefined);
  assert.equal(await shop.state(id), 'running');
  for (let minute = 0; minute < 12; minute += 1) await shop.clock.advance(60_000);
  assert.equal(await shop.state(id), 'needs-operator');
  const operator = { by: 'mina', why: 'it does not matter' };
  await shop.runner.operate(id, { do: 'skip', step: 'last' }, operator, testCall());
  assert.equal(await shop.state(id), 'completed');
});

test('an event that nobody came to wait for is forgotten after a week', async () => {
  const foundAfter = async (days: number) => {
    const shop = world();
    await using _runner = shop.runner;
    await shop.happens({ by: 'jun' }, 'o-9');
    await shop.clock.advance(days * 86_400_000);
    await shop.start();
    await shop.clock.advance(3_600_000);
    return shop.order.uow(testCall(), (tx) => shop.order.store.arrival(tx, 'desk.approved', 'o-9', 0));
  };
  assert.notEqual(await foundAfter(6), undefined);
  assert.equal(await foundAfter(8), undefined);
});

test('an event that does not fit its schema is not taken', async () => {
  const shop = world();
  await using _runner = shop.runner;
  await shop.start();
  await assert.rejects(shop.happens({ by: 7 }), {
    code: 'SAGA_EVENT_UNREADABLE',
    message:
      'the event "desk.approved" of desk (position 1), which sagas wait for, cannot be read: desk.approved.by: expected string',
  });
});
