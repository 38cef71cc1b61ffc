import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { memoryDatabase } from '../testing/memory-database.ts';
import { noted } from '../testing/sample-contracts.ts';
import { startTimers } from './timer-runner.ts';

function world() {
  const clock = fakeClock();
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  // region schedule
  const set = (name: string, afterMs: number) =>
    db.uow(testCall(), async (tx) => tx.schedule(name, { afterMs }, noted, { key: 'k', count: afterMs }));
  // endregion
  const sent = async () => (await db.log.read(0, 'all', 1_000)).messages.map(({ at }) => at);
  return { clock, db, set, sent };
}

test('what was put off before and after the start is sent to the millisecond', async () => {
  const { clock, db, set, sent } = world();
  const start = clock.now();
  await set('a', 1_500);
  await using _ = startTimers({ store: db.timers, clock, telemetry: silentTelemetry() });
  await clock.advance(1_000);
  await set('b', 100);
  await clock.advance(10_000);
  assert.deepEqual(await sent(), [start + 1_100, start + 1_500]);
});

test('many that are due at once are sent without a pause', async () => {
  const { clock, db, set, sent } = world();
  for (let at = 0; at < 250; at += 1) await set(`t${at}`, 10);
  await using _ = startTimers({ store: db.timers, clock, telemetry: silentTelemetry() });
  await clock.advance(11);
  assert.equal((await sent()).length, 250);
});

test('timers that cannot be read are told of and read again', async () => {
  const { clock, db, set, sent } = world();
  const telemetry = memoryTelemetry();
  let isDown = true;
  const fire = (limit: number) => (isDown ? Promise.reject(new TypeError('no connection')) : db.timers.fire(limit));
  await using _ = startTimers({ store: { ...db.timers, fire }, clock, telemetry });
  await set('a', 10);
  await clock.advance(10_000);
  assert.match(telemetry.lines.join('\n'), /timers cannot be read/);
  isDown = false;
  await clock.advance(30_000);
  assert.equal((await sent()).length, 1);
});

test('closing ends it, also in the middle of a sleep', async () => {
  const { clock, db, set, sent } = world();
  const timers = startTimers({ store: db.timers, clock, telemetry: silentTelemetry() });
  await clock.advance(10);
  await timers.close();
  await timers.close();
  assert.equal(clock.pending, 0);
  await set('a', 10);
  await clock.advance(10_000);
  assert.deepEqual(await sent(), []);
});
