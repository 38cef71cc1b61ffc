import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { testSpan } from '../testing/telemetry-store-contract.ts';
import { traceTree } from './trace-tree.ts';

const id = (number: number) => number.toString(16).padStart(16, '0');
const span = (number: number, parent: number | undefined, atMs: number, ms: number, change: Partial<StoredSpan> = {}) =>
  testSpan({
    spanId: id(number),
    parentId: parent === undefined ? undefined : id(parent),
    atMs,
    durationUs: ms * 1_000,
    operation: String(number),
    ...change,
  });

test('spans stand in tree order with their depth and offset, whatever order they arrived in', () => {
  const tree = traceTree([span(4, 2, 6, 1), span(3, 1, 20, 5), span(1, undefined, 0, 30), span(2, 1, 5, 10)]);
  assert.deepEqual(
    tree.map(({ operation, depth, offsetMs, durationMs }) => [operation, depth, offsetMs, durationMs]),
    [
      ['1', 0, 0, 30],
      ['2', 1, 5, 10],
      ['4', 2, 6, 1],
      ['3', 1, 20, 5],
    ],
  );
});

test('a span whose parent is missing stands at the top and says so', () => {
  const tree = traceTree([span(1, undefined, 0, 5), span(3, 2, 1, 1), span(4, 3, 1, 1)]);
  assert.deepEqual(
    tree.map(({ operation, depth, orphan }) => [operation, depth, orphan]),
    [
      ['1', 0, false],
      ['3', 0, true],
      ['4', 1, false],
    ],
  );
});

test('a client and a server that share an id are parent and child, and the server is the parent of what it calls', () => {
  const tree = traceTree([
    span(1, undefined, 0, 10, { kind: 'client', service: 'web', operation: 'client' }),
    span(1, undefined, 1, 8, { kind: 'server', service: 'order', operation: 'server' }),
    span(2, 1, 2, 3, { kind: 'client', service: 'order', operation: 'inner' }),
  ]);
  assert.deepEqual(
    tree.map(({ operation, depth }) => [operation, depth]),
    [
      ['client', 0],
      ['server', 1],
      ['inner', 2],
    ],
  );
});

test('the critical path holds the spans that decided the length', () => {
  const tree = traceTree([
    span(1, undefined, 0, 100),
    span(2, 1, 5, 20), // ended long before the next began
    span(3, 1, 30, 60),
    span(4, 1, 35, 10), // beside 3, and shorter
    span(5, 3, 40, 45),
  ]);
  assert.deepEqual(
    tree.filter(({ critical }) => critical).map(({ operation }) => operation),
    ['1', '2', '3', '5'],
  );
});

test('work that goes on after its parent, as a consumer does, is on the critical path', () => {
  const tree = traceTree([span(1, undefined, 0, 10), span(2, 1, 2, 3), span(3, 1, 50, 30, { kind: 'consumer' })]);
  assert.deepEqual(
    tree.filter(({ critical }) => critical).map(({ operation }) => operation),
    ['1', '2', '3'],
  );
});

test('every span is shown exactly once, whatever nonsense the parents are', () => {
  const spans = fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 12 }),
      parent: fc.option(fc.integer({ min: 1, max: 14 }), { nil: undefined }),
      at: fc.nat(50),
      ms: fc.nat(50),
      kind: fc.constantFrom('server' as const, 'client' as const),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(spans, (list) => {
      const given = list.map(({ number, parent, at, ms, kind }) => span(number, parent, at, ms, { kind }));
      const tree = traceTree(given);
      assert.equal(tree.length, given.length);
      let depth = -1;
      for (const row of tree) {
        assert.ok(row.depth <= depth + 1);
        depth = row.depth;
      }
    }),
  );
});
