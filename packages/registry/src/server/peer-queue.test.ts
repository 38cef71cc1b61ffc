import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerQueue } from './peer-queue.ts';

const app = 'STOCK';
const shown = (queue: PeerQueue) => queue.first(100).map(({ action, id }) => `${action} ${id}`);

test('a later operation replaces an earlier one of its kind, and what a cancellation makes pointless is dropped', () => {
  const queue = new PeerQueue();
  queue.add({ action: 'Register', app, id: 'a' });
  queue.add({ action: 'StatusUpdate', app, id: 'a', status: 'DOWN' });
  queue.add({ action: 'Heartbeat', app, id: 'a' });
  queue.add({ action: 'Heartbeat', app, id: 'b' });
  queue.add({ action: 'Heartbeat', app, id: 'a' });
  assert.deepEqual(shown(queue), ['Register a', 'StatusUpdate a', 'Heartbeat b', 'Heartbeat a']);
  queue.add({ action: 'Cancel', app, id: 'a' });
  assert.deepEqual(shown(queue), ['Heartbeat b', 'Cancel a']);
});

test('what was replaced while it was sent is sent again', () => {
  const queue = new PeerQueue();
  queue.add({ action: 'Register', app, id: 'a' });
  queue.add({ action: 'Register', app, id: 'b' });
  const sent = queue.first(2);
  queue.add({ action: 'Cancel', app, id: 'a' });
  queue.done(sent);
  assert.deepEqual(shown(queue), ['Cancel a']);
});

test('however long a peer is away, it is owed at most three operations for each instance', () => {
  const queue = new PeerQueue();
  for (let round = 0; round < 1_000; round += 1) {
    for (const action of ['Register', 'StatusUpdate', 'Heartbeat'] as const) queue.add({ action, app, id: 'a' });
  }
  assert.equal(queue.size, 3);
});
