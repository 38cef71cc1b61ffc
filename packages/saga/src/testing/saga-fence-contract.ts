import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message, ReplyData, UnitOfWork } from '@dure/messaging';
import { fenced } from '../fenced.ts';
import type { SagaFence } from '../saga-fence.port.ts';

/** What an adapter shows of itself to the fence's contract suite. */
export interface FenceUnderTest<Tx> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly fence: SagaFence<Tx>;
  /** Adds one to a counter, inside the transaction. */
  count(tx: Tx, name: string): Promise<void>;
  /** The counter as committed; 0 at first. */
  counted(name: string): Promise<number>;
}

const done: ReplyData = { ok: true, value: { reservationId: 'r-1' } };
const cancelled: ReplyData = { ok: false, refusal: { code: 'Cancelled', data: {} } };
const nothing: ReplyData = { ok: true, value: null };

/** The contract of `SagaFence`, for every adapter. */
export function sagaFenceContract<Tx>(name: string, open: () => Promise<FenceUnderTest<Tx>>): void {
  describe(`${name}: the fence`, () => {
    test('a command that is sent again is carried out once and answered alike', async () => {
      await using under = await open();
      assert.deepEqual(await deliver(under, 'do'), done);
      assert.deepEqual(await deliver(under, 'do'), done);
      assert.equal(await under.counted('do'), 1);
    });

    test('a command and its compensation are carried out once each', async () => {
      await using under = await open();
      await deliver(under, 'do');
      assert.deepEqual(await deliver(under, 'undo', { reply: nothing }), nothing);
      assert.deepEqual(await deliver(under, 'undo', { reply: nothing }), nothing);
      assert.deepEqual(await deliver(under, 'do'), done, 'a late repetition gets the answer of the first');
      assert.deepEqual([await under.counted('do'), await under.counted('undo')], [1, 1]);
    });

    test('a compensation that overtakes its command has nothing to undo, and the late command is cancelled', async () => {
      await using under = await open();
      assert.deepEqual(await deliver(under, 'undo'), nothing);
      assert.deepEqual(await deliver(under, 'do'), cancelled);
      assert.deepEqual(await deliver(under, 'do'), cancelled);
      assert.deepEqual([await under.counted('do'), await under.counted('undo')], [0, 0]);
    });

    test('a refusal takes back what the handler did, is remembered, and leaves nothing to undo', async () => {
      await using under = await open();
      const refused: ReplyData = { ok: false, refusal: { code: 'OutOfStock', data: { available: 0 } } };
      assert.deepEqual(await deliver(under, 'do', { refuses: true }), refused);
      assert.deepEqual(await deliver(under, 'do'), refused, 'also when it would succeed by now');
      assert.deepEqual(await deliver(under, 'undo'), nothing);
      assert.deepEqual([await under.counted('do'), await under.counted('undo')], [0, 0]);
    });

    test('a compensation that was refused may succeed another time', async () => {
      await using under = await open();
      await deliver(under, 'do');
      assert.equal((await deliver(under, 'undo', { refuses: true })).ok, false);
      assert.deepEqual(await deliver(under, 'undo', { reply: nothing }), nothing);
      assert.equal(await under.counted('undo'), 1);
    });

    test('a transaction that fails leaves no trace', async () => {
      await using under = await open();
      const defect = deliver(under, 'do', { fails: true });
      await assert.rejects(defect, /defect/);
      assert.deepEqual(await deliver(under, 'do'), done);
      assert.equal(await under.counted('do'), 1);
    });

    test('steps and sagas do not get into one another’s way', async () => {
      await using under = await open();
      await deliver(under, 'do');
      await deliver(under, 'do', { step: 'other' });
      await deliver(under, 'do', { saga: '01930000-0000-7000-8000-000000000002' });
      assert.equal(await under.counted('do'), 3);
    });

    test('the same command in two transactions at once is carried out once', async () => {
      await using under = await open();
      const replies = await Promise.all([deliver(under, 'do'), deliver(under, 'do'), deliver(under, 'do')]);
      assert.deepEqual(replies, [done, done, done]);
      assert.equal(await under.counted('do'), 1);
    });

    test('a command that belongs to no saga passes', async () => {
      await using under = await open();
      for (let time = 0; time < 2; time += 1) {
        await under.uow(testCall(), (tx) => fenced(under.fence)(command({}), tx, () => carryOut(under, tx, 'do', {})));
      }
      assert.equal(await under.counted('do'), 2);
    });
  });
}

interface Delivery {
  readonly saga?: string;
  readonly step?: string;
  readonly reply?: ReplyData;
  readonly refuses?: boolean;
  readonly fails?: boolean;
}

function deliver<Tx>(under: FenceUnderTest<Tx>, direction: 'do' | 'undo', how: Delivery = {}): Promise<ReplyData> {
  const { saga = '01930000-0000-7000-8000-000000000001', step = 'reserve' } = how;
  const message = command({ saga: { id: saga, step, direction } });
  return under.uow(testCall(), async (tx) => {
    const reply = await fenced(under.fence)(message, tx, () => carryOut(under, tx, direction, how));
    if (how.fails === true) throw new TypeError('defect');
    return reply;
  });
}

async function carryOut<Tx>(under: FenceUnderTest<Tx>, tx: Tx, name: string, how: Delivery): Promise<ReplyData> {
  await under.count(tx, name);
  if (how.refuses === true) {
    throw new Refusal({
      service: 'stock',
      operation: 'reserve',
      code: 'OutOfStock',
      data: { available: 0 },
      status: 409,
    });
  }
  return how.reply ?? done;
}

function command(meta: Partial<Message['meta']>): Message {
  return {
    position: 1,
    id: '01930000-0000-7000-8000-00000000000a',
    kind: 'command',
    source: 'order',
    type: 'stock.reserve',
    version: 1,
    key: 'o-1',
    destination: 'stock',
    at: 1,
    data: {},
    meta: { correlation: 'flow', ...meta },
  };
}
