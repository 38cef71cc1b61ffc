import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { Waiting } from './deadlines.ts';
import { deadlines } from './deadlines.ts';

function waiting(dueAt: number, expired: string[], name: string): Waiting {
  return {
    dueAt,
    slot: -1,
    expire: () => {
      expired.push(name);
    },
  };
}

test('what is due expires, once, and what was moved or forgotten does not', async () => {
  const clock = fakeClock();
  const expired: string[] = [];
  const watched = deadlines(clock);
  const [soon, moved, gone, never] = [
    waiting(150, expired, 'soon'),
    waiting(150, expired, 'moved'),
    waiting(150, expired, 'gone'),
    waiting(Number.POSITIVE_INFINITY, expired, 'never'),
  ] as const;
  for (const item of [soon, moved, gone, never]) watched.watch(item);
  watched.watch(soon);
  moved.dueAt = 1_000;
  watched.forget(gone);
  watched.forget(gone);
  await clock.advance(300);
  assert.deepEqual(expired, ['soon']);
  assert.equal(watched.items.length, 3);
  await clock.advance(800);
  assert.deepEqual(expired, ['soon', 'moved']);
});

test('the timer stands only while something is watched', async () => {
  const clock = fakeClock();
  const watched = deadlines(clock);
  const items = Array.from({ length: 50 }, () => waiting(Number.POSITIVE_INFINITY, [], 'x'));
  for (const item of items) watched.watch(item);
  assert.equal(clock.pending, 1);
  for (const item of items.toReversed()) watched.forget(item);
  assert.equal(watched.items.length, 0);
  await clock.advance(200);
  assert.equal(clock.pending, 0);
});

test('any order of forgetting leaves exactly the others', () => {
  const watched = deadlines(fakeClock());
  const items = Array.from({ length: 20 }, (_, index) => waiting(index, [], 'x'));
  for (const item of items) watched.watch(item);
  for (const index of [7, 0, 19, 3, 12]) watched.forget(items[index] as Waiting);
  const left = items.filter((_, index) => ![7, 0, 19, 3, 12].includes(index));
  assert.deepEqual(new Set(watched.items), new Set(left));
  for (const item of left) assert.equal(watched.items[item.slot], item);
});

test('a wait that expires may forget others and watch new ones', async () => {
  const clock = fakeClock();
  const expired: string[] = [];
  const watched = deadlines<Waiting>(clock);
  const second = waiting(10, expired, 'second');
  const first: Waiting = {
    dueAt: 10,
    slot: -1,
    expire() {
      expired.push('first');
      watched.forget(first);
      watched.watch(waiting(10, expired, 'late'));
    },
  };
  watched.watch(first);
  watched.watch(second);
  await clock.advance(100);
  assert.deepEqual(expired, ['first', 'second']);
  await clock.advance(100);
  assert.deepEqual(expired, ['first', 'second', 'late']);
});
