import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpanView } from '../../src/contract.ts';
import { shortOperation, unrollMessageHops } from './message-hops.ts';

const span = (spanId: string, parentId: string | undefined, kind: SpanView['kind'], offsetMs: number): SpanView => ({
  spanId,
  ...(parentId === undefined ? {} : { parentId }),
  depth: 0,
  orphan: false,
  service: 'order',
  instance: 'order:1',
  operation: spanId,
  kind,
  offsetMs,
  durationMs: 1,
  failed: false,
  critical: false,
  attributes: {},
  events: [],
});
const shape = (spans: readonly SpanView[]) => spans.map(({ spanId, depth }) => `${depth} ${spanId}`);

test('each receipt of a message stands below the root, when it happened, with its own work below it', () => {
  const spans = [
    span('post', undefined, 'server', 0),
    span('place', 'post', 'server', 1),
    span('uow', 'place', 'internal', 2),
    span('reserve', 'uow', 'consumer', 10),
    span('reserve tx', 'reserve', 'internal', 11),
    span('reserved', 'reserve tx', 'consumer', 20),
    span('quote', 'place', 'client', 4),
  ];
  assert.deepEqual(shape(unrollMessageHops(spans)), [
    '0 post',
    '1 place',
    '2 uow',
    '2 quote',
    '1 reserve',
    '2 reserve tx',
    '1 reserved',
  ]);
});

test('spans whose parent was not received are roots of their own', () => {
  const spans = [span('a', 'lost', 'server', 0), span('b', 'a', 'internal', 1), span('c', 'gone', 'consumer', 2)];
  assert.deepEqual(shape(unrollMessageHops(spans)), ['0 a', '1 b', '0 c']);
});

test('spans that name each other as parents are shown as they came', () => {
  const circle = [span('a', 'b', 'internal', 0), span('b', 'a', 'internal', 1)];
  assert.deepEqual(unrollMessageHops(circle), circle);
});

test('an operation does not repeat the name of its service', () => {
  const written = ['order.place', 'order receives payment.authorise', 'orders', 'order', 'POST /orders'].map(
    (operation) => shortOperation({ service: 'order', operation }),
  );
  assert.deepEqual(written, ['place', 'receives payment.authorise', 'orders', 'order', 'POST /orders']);
});
