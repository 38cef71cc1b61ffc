import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { Acknowledgements } from './acknowledgements.ts';

function open(...subscribers: string[]) {
  const clock = fakeClock();
  const acknowledgements = new Acknowledgements(clock);
  for (const subscriber of subscribers) acknowledgements.joined(subscriber);
  return { clock, acknowledgements };
}

test('whoever waits is answered when the last subscriber has come so far', async () => {
  const { acknowledgements, clock } = open('a', 'b');
  let behind: number | undefined;
  void acknowledgements.all(7, 300).then((left) => {
    behind = left;
  });
  acknowledgements.applied('a', 8);
  acknowledgements.applied('b', 6);
  await clock.advance(1);
  assert.equal(behind, undefined);
  acknowledgements.applied('b', 7);
  await clock.advance(0);
  assert.equal(behind, 0);
  assert.equal(clock.pending, 0);
});

test('whoever waits too long learns how many are behind', async () => {
  const { acknowledgements, clock } = open('a', 'b', 'c');
  acknowledgements.applied('a', 7);
  const waiting = acknowledgements.all(7, 300);
  await clock.advance(300);
  assert.equal(await waiting, 2);
});

test('a subscriber that reconnects is still waited for, one that is gone is not', async () => {
  const { acknowledgements, clock } = open('a', 'b');
  acknowledgements.applied('a', 7);
  acknowledgements.joined('b');
  const waiting = acknowledgements.all(7, 300);
  await clock.advance(299);
  acknowledgements.left('b');
  assert.equal(await waiting, 0);
});

test('an older acknowledgement that arrives late, and one of a stranger, change nothing', async () => {
  const { acknowledgements } = open('a');
  acknowledgements.applied('a', 7);
  acknowledgements.applied('a', 3);
  acknowledgements.applied('stranger', 1);
  assert.equal(acknowledgements.behind(7), 0);
});

test('a registry that stops leaves nobody waiting', async () => {
  const { acknowledgements, clock } = open('a');
  const waiting = acknowledgements.all(7, 300);
  acknowledgements.close();
  assert.equal(await waiting, 0);
  assert.equal(clock.pending, 0);
});
