import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpanView } from '../../src/contract.ts';
import { axisTicks, placeBar, treeMove, waterfallRows } from './waterfall-rows.ts';

const span = (spanId: string, depth: number, offsetMs: number, durationMs: number, failed = false): SpanView => ({
  spanId,
  depth,
  orphan: false,
  service: 'order',
  instance: 'order:1',
  operation: spanId,
  kind: 'internal',
  offsetMs,
  durationMs,
  failed,
  critical: false,
  attributes: {},
  events: [],
});

const tree = [
  span('root', 0, 0, 100),
  span('a', 1, 10, 40),
  span('a1', 2, 20, 10, true),
  span('a2', 2, 32, 10),
  span('b', 1, 60, 30),
];

test('an open tree shows every span with its bar in proportion', () => {
  const rows = waterfallRows(tree, 100, new Set());
  assert.deepEqual(
    rows.map(({ span: { spanId }, start, length, expandable }) => [spanId, start, length, expandable]),
    [
      ['root', 0, 1, true],
      ['a', 0.1, 0.4, true],
      ['a1', 0.2, 0.1, false],
      ['a2', 0.32, 0.1, false],
      ['b', 0.6, 0.3, false],
    ],
  );
});

test('a closed span hides what is below it and tells how many of them failed', () => {
  const rows = waterfallRows(tree, 100, new Set(['a']));
  assert.deepEqual(
    rows.map(({ span: { spanId } }) => spanId),
    ['root', 'a', 'b'],
  );
  assert.deepEqual([rows[1]?.expanded, rows[1]?.hidden, rows[1]?.hiddenErrors], [false, 2, 1]);
});

test('a bar never leaves the line, whatever the clocks say', () => {
  assert.deepEqual(placeBar(-5, 10, 100), { start: 0, length: 0.1 });
  assert.deepEqual(placeBar(95, 50, 100), { start: 0.95, length: 1 - 0.95 });
  assert.deepEqual(placeBar(120, 50, 100), { start: 1, length: 0 });
  assert.deepEqual(placeBar(0, 0, 0), { start: 0, length: 1 });
});

test('axis ticks are round numbers and never more than asked for', () => {
  assert.deepEqual(axisTicks(100, 5), [0, 20, 40, 60, 80]);
  assert.deepEqual(axisTicks(0.9, 5), [0, 0.2, 0.4, 0.6, 0.8]);
  assert.deepEqual(axisTicks(0, 5), [0]);
  for (const total of [0.3, 7, 33, 128, 999, 15_342]) assert.ok(axisTicks(total, 6).length <= 7, `${total} ms`);
});

test('arrow keys walk the tree, open it and close it', () => {
  const open = waterfallRows(tree, 100, new Set());
  assert.deepEqual(treeMove(open, 0, 'ArrowDown'), { kind: 'go', index: 1 });
  assert.deepEqual(treeMove(open, 3, 'ArrowLeft'), { kind: 'go', index: 1 });
  assert.deepEqual(treeMove(open, 1, 'ArrowLeft'), { kind: 'close', spanId: 'a' });
  assert.deepEqual(treeMove(open, 1, 'ArrowRight'), { kind: 'go', index: 2 });
  assert.deepEqual(treeMove(open, 0, 'End'), { kind: 'go', index: 4 });
  assert.equal(treeMove(open, 0, 'ArrowUp'), undefined);
  assert.equal(treeMove(open, 4, 'ArrowRight'), undefined);
  const closed = waterfallRows(tree, 100, new Set(['a']));
  assert.deepEqual(treeMove(closed, 1, 'ArrowRight'), { kind: 'open', spanId: 'a' });
});
