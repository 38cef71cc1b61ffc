import assert from 'node:assert/strict';
import type { Handler } from '@dure/core';
import { DureError, plainOperation, seededRandom, stack, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { adaptiveLimit } from '../adaptive-limit.ts';
import { bulkhead } from '../bulkhead.ts';
import { circuitBreaker } from '../circuit-breaker.ts';
import { rateLimiter } from '../rate-limiter.ts';
import { timeout } from '../timeout.ts';
import { eventClock } from './event-clock.ts';

/**
 * Sends calls of every fate through breaker, rate limiter, adaptive limit and bulkhead: good, failing, thrown at once, too
 * slow, deaf to their signal, cancelled while they wait or run, with a deadline that passes. In the end every permit must
 * be back. Resolves to the number of calls that have ended.
 */
export async function sendThrough(operations: number, seed: number): Promise<number> {
  const clock = eventClock();
  const random = seededRandom(seed);
  const breaker = circuitBreaker({ clock, name: 'b', window: 20, openMs: 5, longestOpenMs: 20, halfOpenMs: 1_000 });
  const rate = rateLimiter({ clock, name: 'r', perSecond: 20_000, burst: 50, queue: 30, waitMs: 5 });
  const adaptive = adaptiveLimit({ clock, name: 'a', queue: 10, waitMs: 5, windowMs: 20 });
  const places = bulkhead({ clock, name: 'p', most: 15, queue: 10, waitMs: 5 });
  const down = new DureError('DOWN', 'unavailable', 'down');
  const work: Handler<number, number> = (input, call) => {
    const fate = random.next();
    if (fate < 0.02) throw down;
    const isDeaf = fate < 0.1;
    return wait(clock, random.next() * 4, isDeaf ? undefined : call.signal).then((isDone) => {
      if (!isDone) throw call.signal.reason;
      if (fate > 0.9) throw down;
      return input;
    });
  };
  const limited = stack<number, number>(timeout({ clock }), rate.layer(), adaptive.layer(), places.layer());
  const guarded = stack<number, number>(breaker.layer(), limited)(work);
  const bare = limited(work);
  const operation = { ...plainOperation('s', 'o'), timeoutMs: 3.5 };
  let [made, settled] = [0, 0];
  const send = () => {
    const caller = new AbortController();
    const chance = random.next();
    if (chance < 0.3) clock.after(random.next() * 5, () => caller.abort());
    else if (chance < 0.32) caller.abort();
    const deadline = random.next() < 0.2 ? clock.now() + random.next() * 4 : Number.POSITIVE_INFINITY;
    const call = testCall({ operation, signal: caller.signal, deadline });
    const done = () => {
      settled += 1;
    };
    (random.next() < 0.5 ? guarded : bare)(1, call).then(done, done);
  };
  while (made < operations) {
    for (let each = 0; each < 40 && made < operations; each += 1) {
      send();
      made += 1;
    }
    await clock.runUntil(clock.monotonicMs() + 1 + random.next());
  }
  await clock.runUntil(clock.monotonicMs() + 10_000);
  assert.equal(settled, operations, 'every call has ended');
  assert.deepEqual([places.snapshot().running, places.snapshot().waiting], [0, 0]);
  assert.deepEqual([adaptive.snapshot().running, adaptive.snapshot().waiting], [0, 0]);
  assert.deepEqual([rate.snapshot().left, rate.snapshot().waiting], [50, 0]);
  breaker.switchTo('open');
  await clock.runUntil(clock.monotonicMs() + 1_000);
  const probes = [1, 2, 3].map(() => breaker.acquire());
  assert.ok(probes.every((probe) => probe !== undefined) && breaker.acquire() === undefined);
  return settled;
}
