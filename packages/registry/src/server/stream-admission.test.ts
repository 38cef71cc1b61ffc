import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock } from '@dure/core/testing';
import { StreamAdmission } from './stream-admission.ts';

function open(clock: FakeClock = fakeClock(), maxTurns = 2_000) {
  return { clock, admission: new StreamAdmission({ clock, perSecond: 30, atOnce: 20, maxTurns }) };
}

test('a herd of 500 that comes at once spreads: no second takes more than a tenth', () => {
  const { admission } = open();
  const perSecond = new Map<number, number>();
  for (let client = 0; client < 500; client += 1) {
    const second = Math.floor(admission.turn(`${client}`) / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  const most = Math.max(...perSecond.values());
  assert.ok(most <= 50, `${most} of 500 in one second`);
  assert.ok(perSecond.size <= 18, `the last one waits ${perSecond.size} s`);
});

test('a few come in at once, and after a quiet time a few again', async () => {
  const { admission, clock } = open();
  for (let round = 0; round < 3; round += 1) {
    const waits = Array.from({ length: 21 }, (_, client) => admission.turn(`${round}/${client}`));
    assert.deepEqual(waits.slice(0, 20), Array(20).fill(0));
    assert.ok((waits[20] ?? 0) > 0);
    await clock.advance(10_000);
  }
});

test('a turn is good once, for whom it was given, and not before its time', async () => {
  const { admission, clock } = open();
  for (let client = 0; client < 50; client += 1) admission.turn(`${client}`);
  const waitMs = admission.turn('late');
  assert.ok(waitMs > 1_000);
  await clock.advance(waitMs / 2);
  assert.equal(admission.turn('late'), Math.ceil(waitMs / 2), 'the same turn, however often it asks');
  await clock.advance(waitMs / 2 - 1);
  for (let client = 100; client < 150; client += 1) admission.turn(`${client}`);
  assert.ok(admission.turn('another') > 0);
  assert.equal(admission.turn('late'), 0);
  assert.ok(admission.turn('late') > 0, 'it is used up');
});

test('turns that nobody takes are forgotten, and there are never more than the limit', async () => {
  const { admission, clock } = open(fakeClock(), 10);
  for (let client = 0; client < 60; client += 1) admission.turn(`${client}`);
  const last = admission.turn('59');
  assert.ok(admission.turn('20') > last, 'the oldest was forgotten and stands at the end again');
  await clock.advance(60_000);
  for (let client = 100; client < 120; client += 1) assert.equal(admission.turn(`${client}`), 0);
  assert.ok(admission.turn('59') > 0, 'its turn has passed');
});
