import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock, Handler } from '@dure/core';
import { DureError, wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import type { AdaptiveLimitEvent, AdaptiveLimitOptions } from './adaptive-limit.ts';
import { adaptiveLimit } from './adaptive-limit.ts';
import { aimdLimit, gradientLimit } from './limit-algorithm.ts';
import { watchLoop } from './loop-delay.ts';

function setup(options: Partial<AdaptiveLimitOptions> = {}) {
  const clock = fakeClock();
  const events: AdaptiveLimitEvent[] = [];
  const limit = adaptiveLimit({ clock, name: 'api', ...options, observe: (event) => void events.push(event) });
  let tookMs = 50;
  let error: unknown;
  const work: Handler<string, string> = async (input) => {
    await wait(clock, tookMs);
    if (error !== undefined) throw error;
    return input;
  };
  const run = limit.layer<string, string>()(work);
  /** As many calls at once as the limit bears, for a while; what is refused is left. */
  const load = async (forMs: number, ms = 50, by?: unknown) => {
    tookMs = ms;
    error = by;
    for (let spent = 0; spent < forMs; spent += ms) {
      const { limit: now } = limit.snapshot();
      const all = Array.from({ length: now }, () => run('x', testCall()).catch(() => undefined));
      await clock.advance(ms);
      await Promise.all(all);
    }
  };
  return { clock, events, limit, run, load };
}

test('the limit rises while answers stay fast, and not beyond the highest', async () => {
  const { limit, load } = setup({ most: 60, algorithm: gradientLimit({ probeEvery: 10_000 }) });
  await load(10_000);
  assert.ok(limit.snapshot().limit > 30, `${limit.snapshot().limit}`);
  await load(20_000);
  assert.equal(limit.snapshot().limit, 60);
});

test('it falls when answers become slower, and not below the lowest', async () => {
  const { limit, load } = setup({ least: 5, algorithm: gradientLimit({ probeEvery: 10_000 }) });
  await load(2_000);
  const before = limit.snapshot().limit;
  await load(3_000, 200);
  assert.ok(limit.snapshot().limit < before * 0.8, `${before} → ${limit.snapshot().limit}`);
  await load(20_000, 2_000);
  assert.ok(limit.snapshot().limit <= 10);
});

// Guards against Gradient2's unused `didDrop`: timeouts must shrink the limit.
test('timeouts and refusals of what is behind shrink it; mistakes and defects do not', async () => {
  for (const algorithm of [gradientLimit(), aimdLimit()]) {
    const { limit, load } = setup({ algorithm });
    await load(5_000, 50, new DureError('SLOW', 'timeout', 'slow'));
    assert.ok(limit.snapshot().limit < 12, `${limit.snapshot().limit}`);
  }
  const calm = setup();
  await calm.load(5_000, 50, new DureError('BAD', 'invalid', 'bad'));
  assert.equal(calm.limit.snapshot().limit, 20);
});

test('the limit falls when the event loop is late, however fast the answers', async () => {
  let delayMs = 0;
  const { limit, load } = setup({ loopDelay: { delayMs: () => delayMs } });
  await load(2_000);
  const before = limit.snapshot().limit;
  delayMs = 80;
  await load(5_000);
  assert.ok(limit.snapshot().limit < before * 0.6, `${before} → ${limit.snapshot().limit}`);
  delayMs = 0;
  await load(20_000);
  assert.ok(limit.snapshot().limit >= before);
});

test('a limit of which not half is in use does not fall, and comes back to where it began when nothing presses', async () => {
  let delayMs = 0;
  const { clock, limit, load, run } = setup({ initial: 100, least: 10, loopDelay: { delayMs: () => delayMs } });
  const few = async (forMs: number) => {
    for (let spent = 0; spent < forMs; spent += 50) {
      const all = Array.from({ length: 4 }, () => run('x', testCall()).catch(() => undefined));
      await clock.advance(50);
      await Promise.all(all);
    }
  };
  delayMs = 80;
  await few(5_000);
  assert.equal(limit.snapshot().limit, 100, 'what is late is not late for these few');
  await load(20_000);
  assert.ok(limit.snapshot().limit < 30, `${limit.snapshot().limit}`);
  const low = limit.snapshot().limit;
  await few(5_000);
  assert.equal(limit.snapshot().limit, low, 'the loop is late still');
  delayMs = 0;
  await few(30_000);
  assert.ok(limit.snapshot().limit > 90, `${limit.snapshot().limit}`);
});

test('places are taken by cost, given back once, and what costs more than the limit goes alone', () => {
  const { limit } = setup({ initial: 10 });
  const { operation } = testCall();
  const one = limit.enter(operation);
  const eight = limit.enter(operation, 8);
  assert.equal(limit.snapshot().running, 9);
  assert.throws(() => limit.enter(operation, 2), { code: 'RESILIENCE_OVERLOADED' });
  one.leave('answered');
  one.leave('answered');
  assert.equal(limit.snapshot().running, 8);
  assert.throws(() => limit.enter(operation, 50), { code: 'RESILIENCE_OVERLOADED' });
  eight.leave('unmeasured');
  const all = limit.enter(operation, 50);
  assert.throws(() => limit.enter(operation), { code: 'RESILIENCE_OVERLOADED' });
  all.leave('dropped');
  limit.close();
  assert.throws(() => limit.enter(operation), { code: 'RESILIENCE_SHUT_DOWN' });
});

test('AIMD adds one with a good window in which the limit was felt, and takes a tenth with a slow one', () => {
  const next = aimdLimit({ slowMs: 100 });
  const sample = { limit: 10, inFlight: 5, rttMs: 50, dropped: false };
  assert.equal(next(sample), 11);
  assert.equal(next({ ...sample, inFlight: 4 }), 10, 'the limit was not felt');
  assert.equal(next({ ...sample, rttMs: 101 }), 9);
  assert.equal(next({ ...sample, dropped: true }), 9);
});

test('what is beyond the limit is refused at once, or waits where it may', async () => {
  const { clock, run, limit, events } = setup({ initial: 4, least: 4 });
  const all = Array.from({ length: 4 }, () => run('x', testCall()));
  await assert.rejects(run('x', testCall()), {
    code: 'RESILIENCE_OVERLOADED',
    retryable: true,
    message: 'the call: "api" bears 4 calls at once at the moment, and 4 are under way',
  });
  assert.deepEqual(events, [{ kind: 'overloaded', name: 'api', limit: 4 }]);
  limit.update({ queue: 1 });
  all.push(run('x', testCall()));
  assert.equal(limit.snapshot().waiting, 1);
  await clock.advance(100);
  await Promise.all(all);
  limit.close();
  await assert.rejects(run('x', testCall()), { code: 'RESILIENCE_SHUT_DOWN' });
});

test('other bounds hold at once, and wrong ones change nothing', () => {
  const { limit } = setup();
  limit.update({ most: 10 });
  assert.equal(limit.snapshot().limit, 10);
  assert.throws(() => limit.update({ least: 11 }), { code: 'RESILIENCE_OPTION_INVALID' });
  limit.update({ least: 15, most: 30 });
  assert.equal(limit.snapshot().limit, 15);
});

test('the delay of the event loop is how late a timer fires, and grows while the loop is blocked', () => {
  let now = 0;
  const fires: (() => void)[] = [];
  let cancelled = 0;
  const clock: Clock = {
    ...fakeClock(),
    monotonicMs: () => now,
    after: (_, fire) => {
      fires.push(fire);
      return {
        cancel: () => {
          cancelled += 1;
        },
      };
    },
  };
  const loop = watchLoop({ clock });
  const tick = (at: number) => {
    now = at;
    fires.at(-1)?.();
  };
  tick(100);
  assert.equal(loop.delayMs(), 0);
  tick(270);
  assert.equal(loop.delayMs(), 70);
  tick(370);
  assert.equal(loop.delayMs(), 70, 'the longest of the last two looks');
  tick(470);
  assert.equal(loop.delayMs(), 0);
  now = 900;
  assert.equal(loop.delayMs(), 330, 'blocked at this moment');
  const before = cancelled;
  loop.close();
  assert.equal(cancelled, before + 1);
});
