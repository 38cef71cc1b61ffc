import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptiveLimit } from './adaptive-limit.ts';
import { eventClock } from './testing/event-clock.ts';
import { capacity, metastable, offer, p99, server } from './testing/overload.ts';

// D8 of the test catalogue: 10 times the load; goodput at least 80 % of capacity, accepted p99 at most twice the quiet one.
test('at ten times the load the adaptive limit keeps goodput and latency, and refuses at once', async () => {
  const clock = eventClock();
  const limit = adaptiveLimit({ clock, name: 'api', least: 2, initial: 10 });
  const run = limit.layer<string, string>()(server(clock));
  const [quiet, , overload] = await offer(
    clock,
    (call) => run('x', call),
    [
      { perSecond: capacity * 0.5, seconds: 10 },
      { perSecond: capacity * 10, seconds: 10 },
      { perSecond: capacity * 10, seconds: 10 },
    ],
    1,
  );
  assert.ok(quiet !== undefined && overload !== undefined);
  assert.ok(overload.good / 10 >= capacity * 0.8, `goodput ${overload.good / 10} of ${capacity}/s`);
  assert.ok(p99(overload.tookMs) <= 2 * p99(quiet.tookMs), `p99 ${p99(overload.tookMs)} against ${p99(quiet.tookMs)}`);
  assert.ok(Math.max(...overload.refusedMs) < 5);
});

// D7: twice the capacity for 30 s, then 0.7 times: goodput at least 95 % of before 10 s after the trigger, every time.
// The soak suite makes the twenty runs that the catalogue asks for.
test('when an overload is over, goodput is back within ten seconds, in three of three runs', async () => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const share = await metastable(seed, 'dure');
    assert.ok(share >= 0.95, `seed ${seed}: ${share}`);
  }
});

test('the same server with naive retries and no limit stays down: the exam can be failed', async () => {
  const share = await metastable(1, 'naive');
  assert.ok(share < 0.5, `${share}`);
});
