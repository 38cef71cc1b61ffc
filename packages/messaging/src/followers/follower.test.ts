import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DureError, randomInteger, randomItem } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import fc from 'fast-check';
import { laneOf } from '../lane.ts';
import type { Message } from '../message.ts';
import type { FollowerProcess, FollowerWorld } from '../testing/follower-world.ts';
import { followerWorld, worldLeaseMs } from '../testing/follower-world.ts';
import { ignored, noted } from '../testing/sample-contracts.ts';

const numbers = (to: number) => Array.from({ length: to }, (_, index) => index + 1);
const keys = numbers(12).map((at) => `key ${at}`);

async function lanesOf({ db }: FollowerWorld) {
  const [view] = await db.followers.view('notes');
  return view?.lanes.map(({ from, to }) => [from, to]);
}

describe('a follower', () => {
  test('handles what was written before it began and what is written after, in order', async () => {
    const world = followerWorld();
    await world.write('a', 'a', 'b');
    await using process = world.start().follower;
    await world.clock.advance(300);
    await world.write('a');
    await world.clock.advance(300);
    assert.deepEqual(world.handled('a'), [1, 2, 3]);
    assert.deepEqual(world.handled('b'), [1]);
    assert.deepEqual(
      { ...process.state, lanes: undefined },
      {
        name: 'notes',
        status: 'following',
        lanes: undefined,
        lag: 0,
        ageMs: 0,
        trouble: undefined,
        parked: undefined,
      },
    );
  });

  test('that starts now leaves out what was written before', async () => {
    const world = followerWorld();
    await world.write('a', 'a');
    await using _ = world.start({ start: 'now' }).follower;
    await world.clock.advance(300);
    await world.write('a');
    await world.clock.advance(300);
    assert.deepEqual(world.handled('a'), [3]);
  });

  test('that is closed leaves its lanes and its position to the next at once', async () => {
    const world = followerWorld();
    await world.write('a');
    const first = world.start().follower;
    await world.clock.advance(300);
    await first.close();
    await first.close();
    assert.equal(first.state.status, 'stopped');
    await world.write('a');
    await using _ = world.start().follower;
    await world.clock.advance(300);
    assert.deepEqual(world.handled('a'), [1, 2]);
    assert.equal(world.clock.now() - Date.UTC(2026, 0, 1) < worldLeaseMs, true);
  });

  test('stores how far it has looked though nothing was for it', async () => {
    const world = followerWorld();
    await using _ = world.start().follower;
    await world.db.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'a' }));
    await world.clock.advance(1_000);
    assert.equal((await world.db.followers.view('notes'))[0]?.lanes[0]?.position, 1);
  });

  test('what a handler emits belongs to the flow of the message that it handles', async () => {
    const world = followerWorld();
    await using _ = world.start({
      filter: { events: ['test.ignored'], destination: undefined },
      handle: async ([message], _call, tx) => tx.emit(noted, { key: message?.key ?? '', count: 7 }),
    }).follower;
    await world.db.uow(testCall({ baggage: { 'dure.correlation': 'flow-7' } }), async (tx) =>
      tx.emit(ignored, { key: 'a' }),
    );
    await world.clock.advance(300);
    const [cause, effect] = (await world.db.log.read(0, 'all', 10)).messages;
    assert.equal(effect?.type, 'test.noted');
    assert.deepEqual([effect?.meta.correlation, effect?.meta.causation], ['flow-7', cause?.id]);
  });
});

describe('batches', () => {
  test('of messages are one transaction', async () => {
    const world = followerWorld();
    await world.write(...keys, ...keys);
    const sizes: number[] = [];
    await using _ = world.start({
      batch: { size: 10, withinMs: 20 },
      handle: async (messages) => void sizes.push(messages.length),
    }).follower;
    await world.clock.advance(300);
    assert.deepEqual(sizes, [10, 10, 4]);
    for (const key of keys) assert.deepEqual(world.handled(key), [1, 2]);
  });

  test('that fail are handled one by one, so that only the culprit waits', async () => {
    const world = followerWorld();
    await world.write('a', 'b', 'bad', 'c');
    const sizes: number[] = [];
    await using process = world.start({
      batch: { size: 10, withinMs: 0 },
      async handle(messages) {
        sizes.push(messages.length);
        if (messages.some(({ key }) => key === 'bad')) throw new TypeError('no');
      },
    }).follower;
    await world.clock.advance(300);
    assert.deepEqual(sizes.slice(0, 4), [4, 1, 1, 1]);
    assert.deepEqual([world.handled('a'), world.handled('b'), world.handled('c')], [[1], [1], []]);
    assert.equal(process.state.status, 'stuck');
    assert.equal((await process.health.check()).status, 'DOWN');
    assert.ok(process.state.ageMs > 0 && process.state.lag === 2);
  });
});

const parkedOf = async ({ db }: FollowerWorld, key: string) =>
  (await db.deliveries.operations.messages('test/notes', key, 9)).map(
    ({ message: { data } }) => (data as { count: number }).count,
  );

describe('a message that cannot be handled', () => {
  test('is tried three times, then its key is parked: its messages wait, those of all others go on', async () => {
    const world = followerWorld();
    let tries = 0;
    const telemetry = memoryTelemetry();
    await using process = world.start({
      parking: world.db.parking,
      telemetry,
      async handle(messages) {
        if (messages.every(({ key }) => key !== 'bad')) return;
        tries += 1;
        throw new TypeError('no');
      },
    }).follower;
    await world.write('a', 'bad', 'a', 'bad');
    await world.clock.advance(400);
    assert.equal(tries, 3);
    assert.deepEqual(world.handled('a'), [1, 2]);
    assert.deepEqual(await parkedOf(world, 'bad'), [1, 2]);
    assert.equal(process.state.status, 'following');
    assert.match(telemetry.lines.join('\n'), /a key is parked/);
  });

  test('whose fault cannot pass is parked at once, and one whose fault will is tried again', async () => {
    const world = followerWorld();
    let tries = 0;
    await using _ = world.start({
      parking: world.db.parking,
      async handle([message]) {
        if (message?.key === 'unreadable') throw new DureError('X_Y', 'unprocessable', 'it does not fit');
        tries += 1;
        if (tries < 3) throw new DureError('X_Z', 'unavailable', 'not now', { retryable: true });
      },
    }).follower;
    await world.write('unreadable', 'late');
    await world.clock.advance(5_000);
    assert.deepEqual(await parkedOf(world, 'unreadable'), [1]);
    assert.deepEqual([tries, world.handled('late')], [3, [1]]);
  });

  test('is tried again, ever more seldom, and applied in order when it can be, whoever holds the lanes by then', async () => {
    const world = followerWorld();
    let isBroken = true;
    const change = {
      parking: world.db.parking,
      retry: { maxAttempts: 2 },
      async handle([message]: readonly Message[]) {
        if (isBroken && message?.key === 'bad') throw new TypeError('no');
      },
    };
    const first = world.start(change);
    await world.write('bad', 'a', 'bad');
    await world.clock.advance(10_000);
    assert.equal(first.follower.state.parked?.standing?.stopped, 1);
    assert.equal((await first.follower.health.check()).status, 'DOWN');
    await first.follower.close();
    await using second = world.start(change).follower;
    await world.clock.advance(1_000);
    await world.write('bad', 'a');
    await world.clock.advance(1_000);
    assert.deepEqual([world.handled('bad'), world.handled('a')], [[], [1, 2]]);
    assert.deepEqual(await parkedOf(world, 'bad'), [1, 2, 3], 'whoever takes the lanes over knows what is parked');
    isBroken = false;
    const who = { by: 'sora', why: 'mended', at: world.clock.now() };
    await world.db.deliveries.operations.retry('test/notes', undefined, who);
    second.ring();
    await world.clock.advance(6_000);
    assert.deepEqual(world.handled('bad'), [1, 2, 3]);
    await world.write('bad');
    await world.clock.advance(6_000);
    assert.deepEqual(world.handled('bad'), [1, 2, 3, 4]);
    assert.equal(second.state.parked?.standing?.keys, 0);
  });

  test('keeps its key waiting while the follower is paused', async () => {
    const world = followerWorld();
    let tries = 0;
    await using process = world.start({
      parking: world.db.parking,
      handle: async () => {
        tries += 1;
        throw new TypeError('no');
      },
    }).follower;
    await world.write('bad');
    await world.clock.advance(500);
    assert.equal(tries, 3);
    await process.pause('spring cleaning');
    await world.clock.advance(60_000);
    assert.equal(tries, 3);
    await process.resume();
    await world.clock.advance(6_000);
    assert.ok(tries > 3);
  });

  test('is not parked when a minute has seen too many: the fault is hardly theirs', async () => {
    const world = followerWorld();
    let isBroken = true;
    await using process = world.start({
      parking: world.db.parking,
      parksPerMinute: 2,
      handle: async () => {
        if (isBroken) throw new TypeError('the mail server is down');
      },
    }).follower;
    await world.write('a', 'b', 'c', 'd');
    await world.clock.advance(30_000);
    assert.deepEqual(
      (await Promise.all(['a', 'b', 'c', 'd'].map((key) => parkedOf(world, key)))).map(({ length }) => length),
      [1, 1, 0, 0],
    );
    assert.equal(process.state.status, 'stuck');
    isBroken = false;
    await world.clock.advance(30_000);
    assert.deepEqual([world.handled('c'), world.handled('d')], [[1], [1]]);
  });
});

describe('several processes', () => {
  test('share the lanes, and take over when one leaves or is not heard of', async () => {
    const world = followerWorld();
    const [first, second, third] = [world.start(), world.start(), world.start()];
    await world.clock.advance(2_000);
    assert.equal((await lanesOf(world))?.length, 3);
    for (const { follower } of [first, second, third]) assert.equal(follower.state.lanes.length, 1);
    await second.follower.close();
    third.kill();
    await world.write(...keys);
    await world.clock.advance(worldLeaseMs + 3_000);
    assert.deepEqual(await lanesOf(world), [[0, 255]], 'and one process has one range again');
    for (const key of keys) assert.deepEqual(world.handled(key), [1]);
    await first.follower.close();
  });

  test('each handle the keys of their own lanes', async () => {
    const world = followerWorld();
    const at: Record<string, string> = {};
    const note = (name: string) => async (messages: readonly Message[]) => {
      for (const { key } of messages) at[key] = name;
    };
    const [a, b] = [world.start({ handle: note('a') }), world.start({ handle: note('b') })];
    await world.clock.advance(2_000);
    await world.write(...keys);
    await world.clock.advance(1_000);
    const holder = a.follower.state.lanes[0]?.from === 0 ? ['a', 'b'] : ['b', 'a'];
    assert.deepEqual(at, Object.fromEntries(keys.map((key) => [key, holder[laneOf(key) < 128 ? 0 : 1]])));
    await Promise.all([a.follower.close(), b.follower.close()]);
  });

  test('one process may have several ranges, which are handled side by side', async () => {
    const world = followerWorld();
    await using process = world.start({ rangesEach: 4 }).follower;
    await world.clock.advance(1_000);
    assert.equal(process.state.lanes.length, 4);
    await world.write(...keys);
    await world.clock.advance(500);
    for (const key of keys) assert.deepEqual(world.handled(key), [1]);
  });

  test('all pause when one is told to, and all resume', async () => {
    const world = followerWorld();
    const [a, b] = [world.start(), world.start()];
    await world.clock.advance(2_000);
    await a.follower.pause('maintenance');
    await world.clock.advance(500);
    await world.write(...keys);
    await world.clock.advance(3_000);
    assert.deepEqual([a.follower.state.status, b.follower.state.status], ['paused', 'paused']);
    for (const key of keys) assert.deepEqual(world.handled(key), []);
    await b.follower.resume();
    await world.clock.advance(1_000);
    for (const key of keys) assert.deepEqual(world.handled(key), [1]);
    await Promise.all([a.follower.close(), b.follower.close()]);
  });

  test('a frozen process that wakes up applies nothing that its successor has', async () => {
    const world = followerWorld();
    const zombie = world.start();
    await world.clock.advance(300);
    const [second] = [world.start({ handle: async () => undefined })];
    zombie.freeze();
    await world.write(...keys);
    await world.clock.advance(3 * worldLeaseMs);
    for (const key of keys) assert.deepEqual(world.handled(key), [1]);
    zombie.thaw();
    await world.write(...keys);
    await world.clock.advance(3 * worldLeaseMs);
    for (const key of keys) assert.deepEqual(world.handled(key), [1, 2]);
    await Promise.all([zombie.follower.close(), second.follower.close()]);
  });

  test('whatever is killed, frozen, closed and started: nothing is lost, nothing doubled, and every key keeps its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = followerWorld(seed);
        const processes = [start(world), start(world)];
        for (let step = 0; step < 120; step += 1) await anything(world, processes);
        for (const process of processes) process.thaw();
        if (processes.length === 0) processes.push(start(world));
        for (let round = 0; round < 60 && !isComplete(world); round += 1) await world.clock.advance(500);
        for (const key of keys) assert.deepEqual(world.handled(key), numbers(world.written(key)), key);
        for (const process of processes) {
          await world.clock.advance(10);
          await process.follower.close();
        }
      }),
      { numRuns: 25 },
    );
  });
});

const isComplete = (world: FollowerWorld) => keys.every((key) => world.handled(key).length === world.written(key));

function start(world: FollowerWorld): FollowerProcess {
  const { random } = world;
  return world.start({
    rangesEach: randomInteger(random, 1, 2),
    batch: { size: randomInteger(random, 1, 5), withinMs: randomInteger(random, 0, 1) * 20 },
    async handle() {
      if (random.next() < 0.05) throw new TypeError('now and then');
    },
  });
}

/** Something is written, time passes, or something happens to a process. */
async function anything(world: FollowerWorld, processes: FollowerProcess[]): Promise<void> {
  const { random, clock } = world;
  const what = randomInteger(random, 0, 19);
  const process = randomItem(random, processes);
  if (what < 9) await world.write(...keys.filter(() => random.next() < 0.3));
  else if (what < 14) await clock.advance(randomInteger(random, 1, 400));
  else if (what === 14) await clock.advance(2 * worldLeaseMs);
  else if (what === 15 && processes.length < 4) processes.push(start(world));
  else if (what === 16) process?.freeze();
  else if (what === 17) for (const one of processes) one.thaw();
  else if (process !== undefined && processes.length > 1) {
    processes.splice(processes.indexOf(process), 1);
    process.thaw();
    if (what === 18) process.kill();
    else await process.follower.close();
  }
}
