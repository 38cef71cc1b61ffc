import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { LogPage } from '../message-log.port.ts';
import { foreignMessage } from '../testing/database-contract.ts';
import type { BatchLimits } from './batches.ts';
import { batches } from './batches.ts';

/** Pages that come when they are pushed. */
function pushed() {
  const queue: LogPage[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const pages = (async function* () {
    while (true) {
      const page = queue.shift();
      if (page !== undefined) yield page;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
  return {
    pages,
    push(mark: number, ...positions: readonly number[]) {
      queue.push({ mark, messages: positions.map((position) => foreignMessage({ position })) });
      wake?.();
    },
    end() {
      ended = true;
      wake?.();
    },
  };
}

function collect(limits: BatchLimits) {
  const clock = fakeClock();
  const source = pushed();
  const got: string[] = [];
  const done = (async () => {
    for await (const { messages, mark } of batches(source.pages, limits, clock))
      got.push(`${messages.map(({ position }) => position).join(' ')} → ${mark}`);
  })();
  return { ...source, clock, got, done };
}

test('a page is cut into batches, and only the last of them goes as far as the page', async () => {
  const { push, clock, got } = collect({ size: 2, withinMs: 0 });
  push(9, 1, 2, 3, 4, 5);
  await clock.advance(1);
  assert.deepEqual(got, ['1 2 → 2', '3 4 → 4', '5 → 9']);
});

test('a page without messages passes its mark on', async () => {
  const { push, clock, got } = collect({ size: 2, withinMs: 50 });
  push(9);
  await clock.advance(1);
  assert.deepEqual(got, [' → 9']);
});

test('messages wait for others as long as they may, counted from the first', async () => {
  const { push, clock, got } = collect({ size: 3, withinMs: 50 });
  push(1, 1);
  await clock.advance(30);
  push(2, 2);
  push(3);
  await clock.advance(19);
  assert.deepEqual(got, []);
  await clock.advance(1);
  assert.deepEqual(got, ['1 2 → 3']);
});

test('a full batch does not wait', async () => {
  const { push, clock, got } = collect({ size: 2, withinMs: 50 });
  push(1, 1);
  push(4, 2, 3);
  await clock.advance(1);
  assert.deepEqual(got, ['1 2 → 2']);
  await clock.advance(50);
  assert.deepEqual(got, ['1 2 → 2', '3 → 4']);
  assert.equal(clock.pending, 0);
});

test('the end of the pages ends the batches, and what still waits is left to whoever comes next', async () => {
  const { push, clock, got, done, end } = collect({ size: 2, withinMs: 50 });
  push(1, 1);
  await clock.advance(1);
  end();
  await done;
  assert.deepEqual(got, []);
});
