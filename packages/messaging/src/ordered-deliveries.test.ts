import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { BrokerRecord } from './broker.port.ts';
import { OrderedDeliveries } from './ordered-deliveries.ts';

/** What was handed over, and how the test answers. */
interface Handed {
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
  take(count: number): Promise<void>;
  reject(): Promise<void>;
}

/** Deliveries whose handler waits for the test, and what was acknowledged. */
function scene() {
  const clock = fakeClock();
  const handed: Handed[] = [];
  const acknowledged: string[] = [];
  const idOf = ({ attributes }: BrokerRecord) => attributes.id ?? '';
  const deliveries = new OrderedDeliveries(
    (records, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      handed.push({
        ids: records.map(idOf),
        signal,
        async take(count) {
          resolve(count);
          await clock.advance(0);
        },
        async reject() {
          reject(new TypeError('not now'));
          await clock.advance(0);
        },
      });
      return promise;
    },
    { clock, random: seededRandom(1) },
  );
  const push = (partition: string, ...ids: readonly string[]) => {
    for (const id of ids)
      deliveries.push(partition, { attributes: { id }, body: new Uint8Array() }, () => void acknowledged.push(id));
  };
  const last = () => handed.at(-1) ?? assert.fail('nothing was handed over');
  const ids = () => handed.map((one) => one.ids.join(' '));
  return { clock, deliveries, push, last, ids, acknowledged };
}

test('what waits in a partition is handed over together, and nothing more before that is answered', async () => {
  const { deliveries, push, last, ids, acknowledged } = scene();
  push('0', 'a', 'b', 'c');
  assert.deepEqual(ids(), ['a'], 'the first does not wait for company');
  await last().take(1);
  push('0', 'd');
  assert.deepEqual(ids(), ['a', 'b c']);
  assert.deepEqual([deliveries.held, deliveries.heldOf('0')], [3, 3]);
  await last().take(2);
  assert.deepEqual(ids(), ['a', 'b c', 'd']);
  await last().take(1);
  assert.deepEqual(acknowledged, ['a', 'b', 'c', 'd']);
  assert.deepEqual([deliveries.held, deliveries.heldOf('0')], [0, 0]);
});

test('no more than 32 are handed over at once', async () => {
  const { push, last } = scene();
  push('0', ...Array.from({ length: 40 }, (_, index) => `${index}`));
  await last().take(1);
  assert.equal(last().ids.length, 32);
  await last().take(32);
  assert.equal(last().ids.length, 7);
});

test('partitions are handed over beside each other', () => {
  const { push, ids } = scene();
  push('0', 'a');
  push('1', 'b');
  assert.deepEqual(ids(), ['a', 'b']);
});

test('as many are acknowledged as were taken, and the others come again at once with what has come meanwhile', async () => {
  const { deliveries, push, last, ids, acknowledged } = scene();
  push('0', 'a', 'b', 'c', 'd');
  await last().take(1);
  push('0', 'e');
  await last().take(2);
  assert.deepEqual(acknowledged, ['a', 'b', 'c']);
  assert.deepEqual(ids(), ['a', 'b c d', 'd e']);
  assert.equal(deliveries.held, 2);
});

test('when none was taken they come again in their order after a pause, which doubles until some are taken', async () => {
  const { clock, push, last, ids, acknowledged } = scene();
  push('0', 'a', 'b');
  await last().reject();
  assert.deepEqual(ids(), ['a']);
  await clock.advance(10);
  assert.deepEqual(ids(), ['a', 'a b']);
  await last().take(0);
  await clock.advance(9);
  assert.deepEqual(ids(), ['a', 'a b'], 'it waits at least half of 20 ms');
  await clock.advance(11);
  assert.deepEqual(ids(), ['a', 'a b', 'a b']);
  assert.deepEqual(acknowledged, []);
  await last().take(1);
  await last().reject();
  await clock.advance(10);
  assert.deepEqual(ids(), ['a', 'a b', 'a b', 'b', 'b'], 'and begins anew');
});

test('what is acknowledged has left, so that whoever acknowledges sees what is still here', async () => {
  const clock = fakeClock();
  const left: number[] = [];
  const deliveries = new OrderedDeliveries(async (records) => records.length, { clock, random: seededRandom(1) });
  for (const id of ['a', 'b', 'c'])
    deliveries.push('0', { attributes: { id }, body: new Uint8Array() }, () => void left.push(deliveries.heldOf('0')));
  await clock.advance(0);
  assert.deepEqual(left, [2, 1, 0]);
});

test('what is forgotten while it is at hand is acknowledged as far as it is taken; the broker brings the rest again', async () => {
  const { deliveries, push, last, ids, acknowledged } = scene();
  push('0', 'a', 'b', 'c');
  await last().take(1);
  push('0', 'd');
  assert.equal(last().signal.aborted, false);
  deliveries.forget('0');
  assert.equal(last().signal.aborted, true, 'whoever has it at hand is told');
  assert.equal(deliveries.held, 2, 'only what is at hand is left');
  push('0', 'b', 'c', 'd');
  await last().take(1);
  assert.deepEqual(acknowledged, ['a', 'b']);
  assert.deepEqual(ids(), ['a', 'b c', 'b c d'], 'what was brought again, and nothing else');
  assert.equal(deliveries.held, 3);
  await last().take(1);
  assert.deepEqual(ids().at(-1), 'c d', 'which is not forgotten');
  assert.equal(last().signal.aborted, false);
});

test('what is forgotten while it is at hand and is not taken does not come again by itself', async () => {
  const { clock, deliveries, push, last, ids } = scene();
  push('0', 'a');
  push('1', 'x');
  deliveries.forget();
  await last().reject();
  await clock.advance(10_000);
  assert.deepEqual(ids(), ['a', 'x']);
  assert.equal(deliveries.heldOf('1'), 0);
  assert.equal(deliveries.heldOf('0'), 1, 'what is still at hand');
});

test('who leaves a partition waits for what is at hand of it, and for no other', async () => {
  const { clock, deliveries, push, last, ids } = scene();
  push('0', 'x');
  push('1', 'a', 'b');
  let hasLeft = false;
  const leaving = deliveries.leave('1').then(() => {
    hasLeft = true;
  });
  await clock.advance(0);
  assert.equal(hasLeft, false);
  await last().take(1);
  await leaving;
  assert.deepEqual(ids(), ['x', 'a'], 'b is for another');
  assert.equal(deliveries.held, 1);
});

test('who leaves a partition does not wait for the end of a pause', async () => {
  const { deliveries, push, last, ids } = scene();
  push('0', 'a');
  await last().reject();
  await deliveries.leave('0');
  assert.deepEqual(ids(), ['a']);
  assert.equal(deliveries.held, 0);
});

test('closing aborts the signal, lets what is at hand end, and takes nothing more', async () => {
  const { deliveries, push, last, ids, acknowledged } = scene();
  push('0', 'a', 'b', 'c');
  await last().take(1);
  const { signal } = last();
  let isClosed = false;
  const closing = deliveries.close().then(() => {
    isClosed = true;
  });
  assert.equal(signal.aborted, true);
  push('0', 'd');
  assert.deepEqual([isClosed, deliveries.held], [false, 2]);
  await last().take(1);
  await closing;
  assert.deepEqual(acknowledged, ['a', 'b']);
  assert.deepEqual(ids(), ['a', 'b c']);
  assert.equal(deliveries.held, 0);
});
