import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import type { Message } from '@dure/messaging';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { flowWatcher } from './flow-watcher.ts';
import { flowStoreContract } from './testing/flow-store-contract.ts';
import { memoryFlows } from './testing/memory-flows.ts';

const unitOfWork = { uow: <T>(_call: unknown, work: (tx: unknown) => Promise<T>) => work(undefined) };

flowStoreContract('in memory', async () => ({
  ...unitOfWork,
  flows: memoryFlows(),
  [Symbol.asyncDispose]: async () => undefined,
}));

const restocking = {
  name: 'restocking',
  owner: 'stock',
  starts: 'stock.ranLow',
  ends: ['stock.refilled'],
  withinMs: 60_000,
  reactions: [
    { service: 'depot', name: 'depot.pack', when: 'stock.ranLow', emits: ['depot.sent'] },
    { service: 'stock', name: 'stock.refill', when: 'depot.sent', emits: ['stock.refilled'] },
  ],
};

function world() {
  const clock = fakeClock();
  const telemetry = memoryTelemetry();
  const parts = { store: memoryFlows(), unitOfWork, clock, ids: testIds(), telemetry };
  const watcher = flowWatcher({ service: 'stock', flows: [restocking], ...parts, pollMs: 1_000 });
  watcher.run();
  return {
    clock,
    watcher,
    said: () => telemetry.lines.filter((line) => line.includes('stalled')),
    happens(type: string, correlation = 'c-1') {
      const message = { type, at: clock.now(), meta: { correlation } } as unknown as Message;
      return watcher.handleEvent(message, testCall(), undefined);
    },
  };
}

test('a flow that stops half-way is told of once, with the last event and who should have reacted', async () => {
  const shop = world();
  await using _watcher = shop.watcher;
  await shop.happens('stock.ranLow');
  await shop.clock.advance(30_000);
  await shop.happens('depot.sent');
  await shop.happens('order.placed');
  await shop.clock.advance(29_000);
  assert.deepEqual(shop.said(), []);
  await shop.clock.advance(120_000);
  assert.equal(shop.said().length, 1);
  assert.match(shop.said()[0] ?? '', /the flow restocking has stalled after depot.sent.*stock.refill of stock/);
});

test('a flow that ends in time is not', async () => {
  const shop = world();
  await using _watcher = shop.watcher;
  await shop.happens('stock.ranLow');
  await shop.happens('depot.sent');
  await shop.happens('stock.refilled');
  await shop.clock.advance(120_000);
  assert.deepEqual(shop.said(), []);
});
