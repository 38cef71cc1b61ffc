import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, systemRandom } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Replay } from '@dure/messaging';
import { logTail } from '@dure/messaging';
import { localFeed } from '@dure/messaging/feed';
import { memoryDatabase, noted } from '@dure/messaging/testing';
import { replaysEndpoint } from './replays-endpoint.ts';

const who = { by: 'kim', why: 'ticket 7' };

/** A service that has applied the three messages of another one's log. */
async function world(floor = 0) {
  const clock = fakeClock();
  const source = memoryDatabase({ service: 'order', clock, ids: ids(clock, systemRandom) });
  const target = memoryDatabase({ service: 'stock', clock, ids: ids(clock, systemRandom) });
  await source.uow(testCall(), async (tx) => {
    for (const [key, count] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ] as const)
      tx.emit(noted, { key, count });
  });
  await target.deliveries.skipTo('order', 3);
  const log = { ...source.log, before: async (at: number) => Math.max(floor, await source.log.before(at)) };
  const feed = localFeed({
    source: 'order',
    as: 'stock',
    log,
    tail: logTail({ log, clock }),
    grant: { events: ['test.noted'], addressed: false },
  });
  const rung: number[] = [];
  const endpoint = replaysEndpoint({
    service: 'stock',
    reactions: new Map([['sum', { event: 'test.noted', source: 'order' }]]),
    others: ['mail'],
    store: target.replays,
    feed: () => feed,
    clock,
    ring: () => void rung.push(1),
  });
  const ask = async (method: 'GET' | 'POST', path: readonly string[] = [], body?: unknown) =>
    endpoint.handle({ method, path, query: {}, body });
  return { clock, ask, rung, target };
}

test('a replay begins by time, position or key, is foreseen, and kept with who and why', async () => {
  const { clock, ask, rung, target } = await world();
  const dry = await ask('POST', [], { reaction: 'sum', key: 'a', dryRun: true });
  assert.deepEqual(dry.body, { reaction: 'sum', messages: 2, keys: 1, after: 0, upTo: 3, complete: true });
  assert.deepEqual(await target.replays.list(9), []);
  const begun = await ask('POST', [], { fromPosition: 2, ...who });
  const replay = begun.body as Replay;
  assert.deepEqual([begun.status, replay.reaction, replay.after, replay.upTo, rung.length], [202, 'sum', 1, 3, 1]);
  assert.deepEqual(replay.actions[0], { what: 'begin', ...who, at: clock.now() });
  assert.equal(((await ask('GET', [replay.id])).body as Replay).id, replay.id);
  const paused = await ask('POST', [replay.id], { do: 'pause', ...who });
  assert.deepEqual([paused.status, (paused.body as Replay).state, rung.length], [200, 'paused', 2]);
  const { reactions, others, replays } = (await ask('GET')).body as {
    reactions: unknown;
    others: unknown;
    replays: Replay[];
  };
  assert.deepEqual(reactions, [{ name: 'sum', event: 'test.noted', source: 'order' }]);
  assert.deepEqual([others, replays.length], [['mail'], 1]);
  await target.replays.steer(replay.id, 'cancel', { ...who, at: 1 });
  await target.replays.finish(replay.id);
  const since = (await ask('POST', [], { reaction: 'sum', fromTime: 99, ...who })).body as Replay;
  assert.deepEqual([since.after, since.since], [0, 99]);
});

test('what is not marked is refused, and so is what is not understood or comes from nobody', async () => {
  const { ask } = await world();
  await assert.rejects(ask('POST', [], { reaction: 'mail', key: 'a', ...who }), { code: 'DURE_REPLAY_REFUSED' });
  await assert.rejects(ask('POST', [], { reaction: 'dance', key: 'a', ...who }), { code: 'DURE_REPLAY_UNKNOWN' });
  const refused: readonly (readonly [readonly string[], object, number])[] = [
    [[], { ...who }, 400],
    [[], { key: 'a' }, 400],
    [[], { key: 7, ...who }, 400],
    [[], { fromPosition: -1, ...who }, 400],
    [[], { fromTime: 'yesterday', ...who }, 400],
    [['x'], { do: 'pause', ...who }, 404],
    [['x'], { do: 'burn', ...who }, 400],
    [['x'], { do: 'pause' }, 400],
    [['x', 'y'], {}, 404],
  ];
  for (const [path, body, status] of refused)
    assert.equal((await ask('POST', path, body)).status, status, JSON.stringify(body));
  assert.equal((await ask('GET', ['x'])).status, 404);
  assert.equal((await ask('DELETE' as 'GET')).status, 405);
});

test('what has been dropped cannot be replayed; a key is replayed from where the log begins', async () => {
  const { ask } = await world(2);
  await assert.rejects(ask('POST', [], { fromPosition: 1, ...who }), { code: 'MESSAGING_FEED_BELOW_FLOOR' });
  assert.equal(((await ask('POST', [], { key: 'a', ...who })).body as Replay).after, 2);
});
