import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokerLaneOf, brokerLanes, trackOf } from './broker-lane.ts';

test('a key has the same lane in every version', () => {
  assert.deepEqual(['order-1', 'order-2', '주문-3', ''].map(brokerLaneOf), [11, 13, 8, 3]);
});

test('keys spread over all lanes', () => {
  const counts = new Array<number>(brokerLanes).fill(0);
  for (let n = 0; n < 16_000; n += 1) {
    const lane = brokerLaneOf(`order-${n}`);
    counts[lane] = (counts[lane] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 800 && Math.max(...counts) < 1_200, counts.join(' '));
});

test('events and what is addressed are counted apart', () => {
  const [event, reply] = (['event', 'reply'] as const).map((kind) => trackOf({ source: 'order', kind, key: '' }));
  assert.deepEqual([event, reply], ['order/events/3', 'order/addressed/3']);
});
