import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupSize } from './group-size.ts';

/** How many go together each time, until so many have gone. */
function sizes(group: GroupSize, many: number, msEach: number): readonly number[] {
  const seen: number[] = [];
  for (let gone = 0; gone < many; gone += seen.at(-1) ?? 1) {
    seen.push(group.size);
    group.went(group.size, group.size * msEach);
  }
  return seen;
}

test('quick messages go together in groups that double, of 32 at most', () => {
  assert.deepEqual(sizes(new GroupSize(), 100, 0.3), [1, 2, 4, 8, 16, 32, 32, 32]);
});

test('a group takes no longer than about twenty milliseconds', () => {
  assert.deepEqual(sizes(new GroupSize(), 20, 5), [1, 2, 4, 4, 4, 4, 4]);
  assert.deepEqual(sizes(new GroupSize(), 4, 25), [1, 1, 1, 1]);
});

test('after a failure those that went together go one by one', () => {
  const group = new GroupSize();
  sizes(group, 31, 0.3);
  group.failed(4);
  assert.deepEqual(sizes(group, 10, 0.3), [1, 1, 1, 1, 2, 4]);
});

test('where groups fail again and again they are tried ever more seldom, until one succeeds', () => {
  const group = new GroupSize();
  const alone: number[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    group.failed(2);
    alone.push(0);
    while (group.size === 1) {
      group.went(1, 0.3);
      alone[turn] = (alone[turn] ?? 0) + 1;
    }
  }
  assert.deepEqual(alone, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000, 1_000]);
  group.went(2, 0.6);
  group.failed(4);
  assert.deepEqual(sizes(group, 6, 0.3), [1, 1, 1, 1, 2]);
});
