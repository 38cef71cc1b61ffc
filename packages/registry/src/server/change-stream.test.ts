import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { readPushEvents } from '../client/read-push-events.ts';
import type { PushedInstance } from '../wire/push-stream.ts';
import { ChangeStream } from './change-stream.ts';
import { ProcessLeases } from './process-leases.ts';

const pushed = (id: string): PushedInstance => {
  return { id, service: 'stock', host: 'h', port: 1, status: 'UP', metadata: {} };
};

function open(maxWaiting = 100) {
  const clock = fakeClock();
  const instances = new Map<string, PushedInstance>();
  let closed = 0;
  const stream = new ChangeStream({
    source: { epoch: 'e', all: () => [...instances.values()], find: (_, id) => instances.get(id) },
    clock,
    heartbeatMs: 5_000,
    maxWaiting,
    closed: () => {
      closed += 1;
    },
  });
  const put = (id: string) => {
    instances.set(id, pushed(id));
    stream.changed('stock', id);
  };
  const remove = (id: string) => {
    instances.delete(id);
    stream.changed('stock', id);
  };
  const events = readPushEvents(stream)[Symbol.asyncIterator]();
  return { clock, stream, put, remove, closed: () => closed, next: async () => (await events.next()).value };
}

test('a stream begins with everything and goes on with what changes', async () => {
  const { put, remove, next } = open();
  put('a');
  assert.deepEqual(await next(), { kind: 'snapshot', snapshot: { epoch: 'e', instances: [pushed('a')] } });
  const waiting = next();
  put('b');
  assert.deepEqual(await waiting, { kind: 'change', change: { put: [pushed('b')], gone: [] } });
  remove('a');
  assert.deepEqual(await next(), { kind: 'change', change: { put: [], gone: [{ service: 'stock', id: 'a' }] } });
});

test('what changes many times before it is read is told once, in its present state', async () => {
  const { put, remove, next } = open();
  await next();
  for (let round = 0; round < 1_000; round += 1) {
    put('a');
    remove('a');
    put('b');
  }
  assert.deepEqual(await next(), {
    kind: 'change',
    change: { put: [pushed('b')], gone: [{ service: 'stock', id: 'a' }] },
  });
});

test('a reader that falls too far behind gets a new snapshot instead of a long list', async () => {
  const { put, next } = open(3);
  await next();
  for (const id of ['a', 'b', 'c', 'd']) put(id);
  const event = await next();
  assert.equal(event?.kind, 'snapshot');
});

test('silence is broken by a heartbeat', async () => {
  const { clock, next } = open();
  await next();
  const waiting = next();
  await clock.advance(5_000);
  assert.deepEqual(await waiting, { kind: 'heartbeat' });
});

test('a closed stream ends its reader, leaves no timer, and says so once', async () => {
  const { clock, stream, next, closed } = open();
  await next();
  const waiting = next();
  await clock.advance(1);
  stream.close();
  assert.equal(await waiting, undefined);
  await stream.return();
  assert.deepEqual([clock.pending, closed()], [0, 1]);
});

test('a process dies when its last stream has been closed for the grace', async () => {
  const clock = fakeClock();
  const died: string[] = [];
  const leases = new ProcessLeases(clock, 300, (process) => died.push(process));
  const first = leases.opened('p');
  const second = leases.opened('p');
  first();
  first();
  await clock.advance(1_000);
  assert.deepEqual(died, [], 'one is still open');
  second();
  await clock.advance(299);
  const third = leases.opened('p');
  await clock.advance(1_000);
  assert.deepEqual(died, [], 'it came back in time');
  third();
  await clock.advance(300);
  assert.deepEqual(died, ['p']);
  assert.deepEqual([leases.streams, clock.pending], [0, 0]);
});
