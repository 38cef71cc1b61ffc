import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { logTail } from './log-tail.ts';
import type { Message } from './message.ts';
import type { MessageLog } from './message-log.port.ts';
import type { MemoryDatabase } from './testing/memory-database.ts';
import { memoryDatabase } from './testing/memory-database.ts';
import { ignored, noted } from './testing/sample-contracts.ts';

const notes = { events: ['test.noted'], destination: undefined };

/** A log that counts what it is asked, and can keep its bell silent or fail. */
function watched() {
  const clock = fakeClock();
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const asked = { advance: 0, read: 0, rings: true, fails: false };
  const log: MessageLog = {
    before: async () => 0,
    ends: async () => ({}),
    era: () => db.log.era(),
    endOf: (era) => db.log.endOf(era),
    async advance() {
      asked.advance += 1;
      if (asked.fails) throw new TypeError('no connection');
      return db.log.advance();
    },
    async read(...args) {
      asked.read += 1;
      return db.log.read(...args);
    },
    asked: (...args) => db.log.asked(...args),
    onAppend: (ring) => db.log.onAppend(() => asked.rings && ring()),
  };
  return { clock, db, log, asked };
}

function note(db: MemoryDatabase, ...counts: readonly number[]): Promise<void> {
  return db.uow(testCall(), async (tx) => {
    for (const count of counts) tx.emit(noted, { key: 'k', count });
  });
}

function collect(pages: AsyncIterable<{ readonly messages: readonly Message[] }>) {
  const counts: number[] = [];
  const ended = (async () => {
    for await (const { messages } of pages) {
      counts.push(...messages.map(({ data }) => (data as { count: number }).count));
    }
  })();
  return { counts, ended };
}

describe('a log tail', () => {
  test('asks nothing while nobody follows, and stops asking when the last follower leaves', async () => {
    const { clock, log, asked } = watched();
    const tail = logTail({ log, clock });
    await clock.advance(10_000);
    assert.equal(asked.advance, 0);
    const stop = new AbortController();
    const { ended } = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(1_000);
    assert.ok(asked.advance > 0);
    stop.abort();
    await ended;
    const before = asked.advance;
    await clock.advance(10_000);
    assert.equal(asked.advance, before);
    assert.equal(clock.pending, 0);
  });

  test('polls seldom while nothing comes and at once when this process commits', async () => {
    const { clock, db, log, asked } = watched();
    const tail = logTail({ log, clock });
    const stop = new AbortController();
    const { counts, ended } = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(10_000);
    const idle = asked.advance;
    await clock.advance(10_000);
    assert.equal(asked.advance - idle, 40, 'once every 250 ms');
    await note(db, 1);
    await clock.advance(0);
    assert.deepEqual(counts, [1], 'without waiting');
    stop.abort();
    await ended;
  });

  test('finds within 250 ms what another process committed', async () => {
    const { clock, db, log, asked } = watched();
    asked.rings = false;
    const tail = logTail({ log, clock });
    const stop = new AbortController();
    const { counts, ended } = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(10_000);
    await note(db, 1);
    await clock.advance(250);
    assert.deepEqual(counts, [1]);
    stop.abort();
    await ended;
  });

  test('serves all its followers with one query', async () => {
    const { clock, db, log, asked } = watched();
    const tail = logTail({ log, clock });
    const stop = new AbortController();
    const followers = Array.from({ length: 50 }, () => collect(tail.follow(0, notes, stop.signal)));
    await clock.advance(1_000);
    const before = asked.read;
    await note(db, 1);
    await clock.advance(0);
    await note(db, 2);
    await clock.advance(0);
    for (const { counts } of followers) assert.deepEqual(counts, [1, 2]);
    assert.equal(asked.read - before, 2);
    stop.abort();
    await Promise.all(followers.map(({ ended }) => ended));
  });

  test('a follower far behind catches up from the log itself and misses nothing', async () => {
    const { clock, db, log } = watched();
    const tail = logTail({ log, clock, keep: 10 });
    for (let round = 0; round < 30; round += 1) await note(db, round * 3, round * 3 + 1, round * 3 + 2);
    const stop = new AbortController();
    const early = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(1_000);
    for (let round = 30; round < 40; round += 1) await note(db, round * 3, round * 3 + 1, round * 3 + 2);
    await clock.advance(1_000);
    const late = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(1_000);
    const all = Array.from({ length: 120 }, (_, index) => index);
    assert.deepEqual(early.counts, all);
    assert.deepEqual(late.counts, all);
    stop.abort();
    await Promise.all([early.ended, late.ended]);
  });

  test('"now" is the moment of the call, not of the first page', async () => {
    const { clock, db, log } = watched();
    const tail = logTail({ log, clock });
    await note(db, 1);
    const stop = new AbortController();
    const pages = tail.follow('now', notes, stop.signal);
    await note(db, 2);
    const { counts, ended } = collect(pages);
    await clock.advance(10);
    assert.deepEqual(counts, [2]);
    stop.abort();
    await ended;
  });

  test('marks pass what the follower did not ask for', async () => {
    const { clock, db, log } = watched();
    const tail = logTail({ log, clock });
    const stop = new AbortController();
    let mark = 0;
    const ended = (async () => {
      for await (const page of tail.follow(0, notes, stop.signal)) mark = page.mark;
    })();
    await db.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'k' }));
    await clock.advance(10);
    assert.equal(mark, 1);
    stop.abort();
    await ended;
  });

  test('a log that cannot be read is reported and read again', async () => {
    const { clock, db, log, asked } = watched();
    const errors: unknown[] = [];
    const tail = logTail({ log, clock, onError: (error) => errors.push(error) });
    const stop = new AbortController();
    asked.fails = true;
    const { counts, ended } = collect(tail.follow(0, notes, stop.signal));
    await clock.advance(2_000);
    assert.ok(errors.length >= 2);
    asked.fails = false;
    await note(db, 1);
    await clock.advance(5_000);
    assert.deepEqual(counts, [1]);
    stop.abort();
    await ended;
  });

  test('closing ends every follower', async () => {
    const { clock, log } = watched();
    const tail = logTail({ log, clock });
    const { ended } = collect(tail.follow(0, notes, new AbortController().signal));
    await clock.advance(10);
    tail.close();
    await ended;
  });
});

test('a tail whose log went back serves nobody any more, for it would skip what is written now', async () => {
  const { clock, db, log } = watched();
  const errors: unknown[] = [];
  const tail = logTail({ log, clock, onError: (error) => errors.push(error) });
  await note(db, 1, 2, 3);
  const pages = tail.follow(0, notes, new AbortController().signal)[Symbol.asyncIterator]();
  const first = pages.next();
  await clock.advance(1);
  assert.equal((await first).value?.mark, 3);
  const next = assert.rejects(pages.next(), (error) => codeOf(error) === 'MESSAGING_LOG_WENT_BACK');
  db.restore(1);
  await clock.advance(1_000);
  await next;
  await note(db, 12, 13, 14, 15);
  const late = tail.follow(1, notes, new AbortController().signal)[Symbol.asyncIterator]().next();
  await assert.rejects(late, (error) => codeOf(error) === 'MESSAGING_LOG_WENT_BACK');
  assert.ok(errors.length > 0);
  assert.equal(codeOf(tail.wentBack), 'MESSAGING_LOG_WENT_BACK');
});
