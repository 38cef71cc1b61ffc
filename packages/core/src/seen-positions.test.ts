import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPositions, highestPositions, parsePositions, SeenPositions } from './seen-positions.ts';

test('what is told in the field is read from it, also when it came in several lines', () => {
  const positions = { order: 118, inventory: 42 };
  const field = formatPositions(positions);
  assert.equal(field, 'order:118, inventory:42');
  assert.deepEqual(parsePositions(field), positions);
  assert.deepEqual(parsePositions(field?.split(', ')), positions);
  assert.equal(formatPositions({}), undefined);
});

test('what is malformed, too long or too much is left out', () => {
  assert.deepEqual(parsePositions('order:1, Order:2, order:x, :3, order:4, a:1234567890123456'), { order: 4 });
  assert.deepEqual(parsePositions(`order:1,${' '.repeat(1_024)}`), {});
  assert.deepEqual(parsePositions(undefined), {});
  const many = Array.from({ length: 12 }, (_, index) => `s${index}:1`).join(',');
  assert.equal(Object.keys(parsePositions(many)).length, 8);
});

test('a call knows what it was told and what it wrote, and tells what it wrote', () => {
  const seen = new SeenPositions({ order: 10 });
  seen.note('order', 8);
  seen.note('inventory', 3);
  assert.deepEqual([seen.of('order'), seen.of('inventory'), seen.of('user')], [10, 3, 0]);
  assert.deepEqual(seen.all(), { order: 10, inventory: 3 });
  assert.deepEqual(seen.written(), { order: 8, inventory: 3 });
  assert.deepEqual(highestPositions({ order: 5 }, { order: 7, user: 1 }), { order: 7, user: 1 });
});
