import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { readPushEvents } from '../client/read-push-events.ts';
import type { Position, PushedInstance } from '../wire/push-stream.ts';
import { ChangeStream } from './change-stream.ts';
import { PushFeed } from './push-feed.ts';

const pushed = (id: string): PushedInstance => {
  return { id, service: 'stock', host: 'h', port: 1, status: 'UP', metadata: {} };
};

function open(remembered = 100) {
  const clock = fakeClock();
  const instances = new Map<string, PushedInstance>();
  const streams = new Set<ChangeStream>();
  let closed = 0;
  let pinged = 0;
  const feed = new PushFeed({
    epoch: 'e',
    clock,
    remembered,
    all: () => [...instances.values()],
    find: (_, id) => instances.get(id),
    notify() {
      for (const stream of streams) stream.wake();
    },
  });
  const read = (from?: Position) => {
    const stream = new ChangeStream({
      feed,
      clock,
      heartbeatMs: 5_000,
      from,
      pinged: () => {
        pinged += 1;
      },
      closed: () => {
        closed += 1;
      },
    });
    streams.add(stream);
    const events = readPushEvents(stream)[Symbol.asyncIterator]();
    return { stream, next: async () => (await events.next()).value };
  };
  const put = (id: string) => {
    instances.set(id, pushed(id));
    feed.changed('stock', id);
  };
  const remove = (id: string) => {
    instances.delete(id);
    feed.changed('stock', id);
  };
  return { clock, feed, read, put, remove, closed: () => closed, pinged: () => pinged };
}

const at = (version: number): Position => ({ epoch: 'e', version });

test('a stream begins with everything, asks how far it came, and goes on with what changes', async () => {
  const { put, remove, read, clock } = open();
  put('a');
  const { next } = read();
  assert.deepEqual(await next(), {
    kind: 'snapshot',
    position: at(1),
    snapshot: { epoch: 'e', instances: [pushed('a')] },
  });
  assert.deepEqual(await next(), { kind: 'ping', position: at(1) });
  const waiting = next();
  put('b');
  await clock.advance(10);
  assert.deepEqual(await waiting, { kind: 'change', position: at(2), change: { put: [pushed('b')], gone: [] } });
  remove('a');
  assert.deepEqual(await next(), {
    kind: 'change',
    position: at(3),
    change: { put: [], gone: [{ service: 'stock', id: 'a' }] },
  });
});

test('what changes many times before it is read is told once, in its present state', async () => {
  const { put, remove, read } = open(10_000);
  const { next } = read();
  await next();
  await next();
  for (let round = 0; round < 1_000; round += 1) {
    put('a');
    remove('a');
    put('b');
  }
  assert.deepEqual(await next(), {
    kind: 'change',
    position: at(3_000),
    change: { put: [pushed('b')], gone: [{ service: 'stock', id: 'a' }] },
  });
});

test('a reader that falls too far behind gets a new snapshot instead of a long list', async () => {
  const { put, read } = open(3);
  const { next } = read();
  await next();
  await next();
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) put(id);
  assert.equal((await next())?.kind, 'snapshot');
});

test('a stream goes on where the last one ended, and starts anew in another epoch or too far back', async () => {
  const { put, read, feed } = open(3);
  put('a');
  put('b');
  const resumed = read(at(1));
  assert.deepEqual(await resumed.next(), {
    kind: 'change',
    position: at(2),
    change: { put: [pushed('b')], gone: [] },
  });
  const upToDate = read(at(2));
  assert.deepEqual(await upToDate.next(), { kind: 'change', position: at(2), change: { put: [], gone: [] } });
  assert.equal((await read({ epoch: 'other', version: 1 }).next())?.kind, 'snapshot');
  assert.equal((await read(at(99)).next())?.kind, 'snapshot', 'from the future');
  for (let count = 0; count < 10; count += 1) put('c');
  assert.equal(feed.canResume(at(2)), false);
  assert.equal((await read(at(2)).next())?.kind, 'snapshot');
});

test('readers at the same place share one text; under constant change they are woken at most every 10 ms', async () => {
  const { put, feed, clock, read } = open();
  const { stream, next } = read();
  await next();
  await next();
  assert.equal(feed.since(0), feed.since(0));
  let events = 0;
  const reading = (async () => {
    for await (const _ of stream) events += 1;
  })();
  for (let ms = 0; ms < 100; ms += 1) {
    put('a');
    await clock.advance(1);
  }
  await clock.advance(10);
  assert.ok(events >= 9 && events <= 12, `${events} events for 100 changes in 100 ms`);
  stream.close();
  await reading;
});

test('silence is broken by a ping', async () => {
  const { clock, read, pinged } = open();
  const { next } = read();
  await next();
  await next();
  assert.equal(pinged(), 1);
  const waiting = next();
  await clock.advance(5_000);
  assert.deepEqual(await waiting, { kind: 'ping', position: at(0) });
  assert.equal(pinged(), 2);
});

test('a closed stream ends its reader, leaves no timer, and says so once', async () => {
  const { clock, read, closed } = open();
  const { stream, next } = read();
  await next();
  await next();
  const waiting = next();
  await clock.advance(1);
  stream.close();
  assert.equal(await waiting, undefined);
  await stream.return();
  assert.deepEqual([clock.pending, closed()], [0, 1]);
});
