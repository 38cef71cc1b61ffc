import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { localFeed } from '../feed/local-feed.ts';
import { logTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import type { ReplayWish } from '../replay-store.port.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import { ignored, noted } from '../testing/sample-contracts.ts';
import { foresee } from './foresee.ts';
import { isPast } from './is-past.ts';
import { startReplayer } from './replayer.ts';

const clock = systemClock;
const who = { by: 'sora', why: 'the totals were wrong', at: 1 };
const wish: ReplayWish = {
  reaction: 'sum',
  source: 'test',
  event: 'test.noted',
  key: undefined,
  after: 0,
  since: undefined,
  who,
};
const countOf = ({ data }: Message) => (data as { count: number }).count;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 30_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, `it did not come true in 30 s that ${what}`);
    await wait(clock, 2);
  }
}

/** A producer's log, a consumer that has applied all of it, and replayers of that. */
async function scene(written: readonly (readonly [key: string, count: number])[]) {
  const source = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const tail = logTail({ log: source.log, clock });
  const seen: string[] = [];
  const broken = new Set<number>();
  const grant = { events: ['test.noted', 'test.ignored'], addressed: true };
  const feed = localFeed({ source: 'test', as: 'other', log: source.log, tail, grant });
  const note = async (key: string, count: number) => {
    await source.uow(testCall(), async (tx) => {
      tx.emit(noted, { key, count });
      tx.emit(ignored, { key });
    });
  };
  /** Live deliveries, as far as the log goes. */
  const follow = async () => {
    const { messages } = await source.log.read(await target.deliveries.position('test'), 'all', 100);
    for (const message of messages) {
      await target.deliveries.deliver(message, testCall(), async (tx) => {
        const isHeld = message.type === 'test.noted' && (await target.replays.holdBack('sum', message, tx));
        if (message.type === 'test.noted' && !isHeld) seen.push(`live ${message.key} ${countOf(message)}`);
        return undefined;
      });
    }
  };
  const start = (react?: (message: Message) => Promise<void>) =>
    startReplayer({
      as: 'other',
      store: target.replays,
      react: async (reaction, message) => {
        await react?.(message);
        if (broken.has(countOf(message))) throw new TypeError('no such sku');
        seen.push(`${reaction} ${message.key} ${countOf(message)}`);
      },
      feed: (name) => (name === 'test' ? feed : undefined),
      clock,
      telemetry: silentTelemetry(testIds(3)),
    });
  for (const [key, count] of written) await note(key, count);
  await follow();
  seen.length = 0;
  const done = (id: string) => async () => (await target.replays.find(id))?.state === 'done';
  return { target, feed, seen, broken, note, follow, start, done };
}

describe('a replay', () => {
  test('delivers the past once more, in order, to one reaction, and ends', async () => {
    const { target, seen, start, done } = await scene([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    await using _replayer = start();
    const { id } = await target.replays.begin(wish);
    await until('it is done', done(id));
    assert.deepEqual(seen, ['sum a 1', 'sum b 2', 'sum a 3']);
    assert.equal((await target.replays.find(id))?.applied, 3);
  });

  test('of one key, from a position, or from a time delivers no more than that', async () => {
    const { target, seen, start, done } = await scene([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    await using replayer = start();
    for (const change of [{ key: 'b' }, { after: 4 }, { since: clock.now() + 60_000 }]) {
      const { id } = await target.replays.begin({ ...wish, ...change });
      replayer.ring();
      await until('it is done', done(id));
    }
    assert.deepEqual(seen, ['sum b 2', 'sum a 3']);
  });

  test('what comes meanwhile for its key follows the past; what comes for others does not wait', async () => {
    const { target, seen, note, follow, start, done } = await scene([
      ['a', 1],
      ['a', 2],
    ]);
    const gate = Promise.withResolvers<void>();
    const { id } = await target.replays.begin({ ...wish, key: 'a' });
    await using _replayer = start(() => gate.promise);
    await note('a', 3);
    await note('b', 4);
    await follow();
    assert.deepEqual(seen, ['live b 4']);
    gate.resolve();
    await until('it is done', done(id));
    await note('a', 5);
    await follow();
    assert.deepEqual(seen, ['live b 4', 'sum a 1', 'sum a 2', 'sum a 3', 'live a 5']);
  });

  test('a process that ends in the middle leaves the rest to the next, and nothing is delivered twice', async () => {
    const { target, seen, start, done } = await scene([
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['a', 4],
    ]);
    const { id } = await target.replays.begin(wish);
    const ended = Promise.withResolvers<void>();
    const replayer = start(async (message) => {
      if (countOf(message) !== 3) return;
      replayer.close().then(ended.resolve, ended.reject);
      throw new TypeError('the process ends in the middle of it');
    });
    await ended.promise;
    assert.deepEqual(seen, ['sum a 1', 'sum a 2']);
    await using _next = start();
    await until('it is done', done(id));
    assert.deepEqual(seen, ['sum a 1', 'sum a 2', 'sum a 3', 'sum a 4']);
  });

  test('it stops at a message that cannot be applied, tells of it, and goes on when it is told to', async () => {
    const { target, seen, broken, start, done } = await scene([
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ]);
    broken.add(2);
    const { id } = await target.replays.begin(wish);
    await using replayer = start();
    await until('it has stopped', async () => (await target.replays.find(id))?.state === 'stopped');
    const { error } = (await target.replays.find(id)) ?? assert.fail();
    assert.equal(error?.message, 'no such sku');
    replayer.ring();
    await until('its health tells', async () => (await replayer.health.check()).status === 'DOWN');
    broken.clear();
    await target.replays.steer(id, 'resume', who);
    replayer.ring();
    await until('it is done', done(id));
    assert.deepEqual(seen, ['sum a 1', 'sum a 2', 'sum a 3']);
  });

  test('can be foreseen', async () => {
    const { feed, seen } = await scene([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    const within = { clock, forMs: 1_000, end: 6 };
    assert.deepEqual(await foresee(feed, wish, within), { messages: 3, keys: 2, after: 0, upTo: 6, complete: true });
    const ofOne = await foresee(feed, { ...wish, key: 'a', after: 1 }, { ...within, end: 4 });
    assert.deepEqual([ofOne.messages, ofOne.keys], [0, 0]);
    assert.deepEqual(seen, []);
  });
});

test('the past is what the reaction had passed, by the whole log, by track, or by lane', () => {
  const message = (position: number, key: string) =>
    ({ position, key, source: 'test', kind: 'event' }) as unknown as Message;
  const whole = { whole: 5, tracks: { 'test/events/3': 9 }, lanes: [] };
  assert.deepEqual([isPast(whole, message(5, 'k')), isPast(whole, message(9, 'k'))], [true, false]);
  const lanes = [
    { from: 0, to: 127, position: 10 },
    { from: 128, to: 255, position: 20 },
  ];
  const inLanes = { whole: 99, tracks: {}, lanes };
  // The first bytes of the SHA-256 of "a" and "b" are 0xca and 0x3e.
  assert.deepEqual([isPast(inLanes, message(15, 'a')), isPast(inLanes, message(15, 'b'))], [true, false]);
});
