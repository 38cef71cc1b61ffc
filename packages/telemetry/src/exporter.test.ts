import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { Sent } from './exporter.ts';
import { exporter } from './exporter.ts';

function queue(answers: (batch: readonly number[]) => Promise<Sent> | Sent, maxQueued = 100) {
  const clock = fakeClock();
  const batches: (readonly number[])[] = [];
  const lost = { count: 0 };
  const items = exporter<number>({
    clock,
    random: seededRandom(1),
    send: async (batch) => {
      batches.push(batch);
      return answers(batch);
    },
    onDropped: (count) => {
      lost.count += count;
    },
    intervalMs: 1_000,
    batchSize: 10,
    maxQueued,
  });
  const add = (from: number, to: number) => {
    for (let item = from; item <= to; item += 1) items.add(item);
  };
  return { clock, batches, lost, items, add };
}

const taken: Sent = { outcome: 'taken' };

test('a full batch goes at once and the rest after the interval', async () => {
  const { clock, batches, add } = queue(() => taken);
  add(1, 12);
  await clock.advance(0);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [10, 2],
  );
  add(13, 15);
  await clock.advance(999);
  assert.equal(batches.length, 2);
  await clock.advance(1);
  assert.deepEqual(batches[2], [13, 14, 15]);
});

test('while the collector is away everything is kept, and arrives once and in order', async () => {
  let away = true;
  const { clock, batches, lost, add } = queue(() => {
    if (away) throw new TypeError('connection refused');
    return taken;
  });
  add(1, 15);
  await clock.advance(3_000);
  add(16, 30);
  const failed = batches.length;
  assert.ok(failed >= 2 && failed <= 6, `${failed} attempts in 3 s: it backs off`);
  away = false;
  await clock.advance(10_000);
  assert.deepEqual(
    batches.slice(failed).flat(),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  assert.equal(lost.count, 0);
});

test('a full queue gives up its oldest items and counts them', async () => {
  const { clock, batches, lost, add, items } = queue(() => ({ outcome: 'again' }), 50);
  add(1, 200);
  await clock.advance(0);
  items.close();
  assert.equal(lost.count, 200, 'those dropped on the way and those left at the end');
  assert.ok(batches.length >= 1);
});

test('what the collector refuses is not sent again', async () => {
  const { clock, batches, lost, add } = queue(() => ({ outcome: 'refused' }));
  add(1, 3);
  await clock.advance(10_000);
  assert.equal(batches.length, 1);
  assert.equal(lost.count, 3);
});

test('Retry-After is honoured', async () => {
  let first = true;
  const { clock, batches, add } = queue(() => {
    const answer: Sent = first ? { outcome: 'again', afterMs: 20_000 } : taken;
    first = false;
    return answer;
  });
  add(1, 1);
  await clock.advance(20_900);
  assert.equal(batches.length, 1);
  await clock.advance(200);
  assert.equal(batches.length, 2);
});

test('a request that gets no answer is given up after five seconds and tried again', async () => {
  const { clock, batches, items } = (() => {
    const fake = fakeClock();
    const seen: (readonly number[])[] = [];
    const made = exporter<number>({
      clock: fake,
      random: seededRandom(1),
      send: (batch, signal) => {
        seen.push(batch);
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new TypeError('aborted'))),
        );
      },
      onDropped: () => {},
    });
    return { clock: fake, batches: seen, items: made };
  })();
  items.add(1);
  await clock.advance(1_000);
  assert.equal(batches.length, 1);
  await clock.advance(6_000);
  assert.equal(batches.length, 2);
});

test('a flush sends what is there without waiting for an interval', async () => {
  const { batches, add, items } = queue(() => taken);
  add(1, 3);
  await items.flush(new AbortController().signal);
  assert.deepEqual(batches, [[1, 2, 3]]);
});
