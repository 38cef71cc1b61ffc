import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live } from './live.ts';

test('a change is current before anybody hears of it, and whoever has ended hears no more', () => {
  const cell = live(1);
  const seen: number[][] = [];
  const end = cell.onChange((now, before) => seen.push([now, before, cell.current]));
  cell.set(2);
  end();
  cell.set(3);
  assert.deepEqual(seen, [[2, 1, 2]]);
  assert.equal(cell.current, 3);
});

test('a listener that throws keeps nobody else from hearing, and the one who set it learns of it', () => {
  const cell = live('a');
  const seen: string[] = [];
  cell.onChange(() => assert.fail('broken'));
  cell.onChange((now) => seen.push(now));
  assert.throws(() => cell.set('b'), /broken/);
  assert.deepEqual([seen, cell.current], [['b'], 'b']);
});
