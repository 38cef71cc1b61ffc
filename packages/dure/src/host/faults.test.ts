import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagementResponse } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { faults } from './faults.ts';

function process() {
  const clock = fakeClock();
  const broken = faults(clock);
  const post = async (body: unknown): Promise<ManagementResponse> =>
    broken.endpoint.handle({ method: 'POST', path: [], query: {}, body });
  return { clock, broken, post };
}

test('the clock of a process jumps, and is right again when the time is over; durations and timers are not concerned', async () => {
  const { clock, broken, post } = process();
  const [now, since] = [clock.now(), clock.monotonicMs()];
  assert.equal((await post({ do: 'clock', skewMs: -60_000, forMs: 4_000 })).status, 204);
  assert.deepEqual([broken.clock.now(), broken.clock.monotonicMs()], [now - 60_000, since]);
  let fired = false;
  broken.clock.after(1_000, () => {
    fired = true;
  });
  await clock.advance(1_000);
  assert.ok(fired);
  await clock.advance(3_000);
  assert.equal(broken.clock.now(), clock.now());
});

test('what is broken is shown, and mends by itself', async () => {
  const { clock, broken, post } = process();
  const shown = async () => {
    const { body } = await broken.endpoint.handle({ method: 'GET', path: [], query: {}, body: undefined });
    return (body as { faults: { do: string }[] }).faults.map((order) => order.do);
  };
  assert.deepEqual([await shown(), broken.isCut(), broken.disorder()], [[], false, undefined]);
  await post({ do: 'broker', forMs: 2_000 });
  await post({ do: 'messages', share: 0.5, seed: 7, forMs: 4_000 });
  assert.deepEqual([await shown(), broken.isCut(), broken.disorder()?.share], [['broker', 'messages'], true, 0.5]);
  await clock.advance(2_000);
  assert.deepEqual([await shown(), broken.isCut()], [['messages'], false]);
  await clock.advance(2_000);
  assert.deepEqual([await shown(), broken.disorder()], [[], undefined]);
});

test('an order that makes no sense, or would last too long, is refused', async () => {
  const { broken, post } = process();
  for (const order of [
    undefined,
    { do: 'dance', forMs: 1 },
    { do: 'broker' },
    { do: 'broker', forMs: 60_001 },
    { do: 'clock', skewMs: 0.5, forMs: 1 },
    { do: 'messages', share: 2, seed: 1, forMs: 1 },
    { do: 'messages', share: 1, forMs: 1 },
  ])
    assert.equal((await post(order)).status, 400, JSON.stringify(order));
  const ask = (method: string, path: readonly string[]) =>
    broken.endpoint.handle({ method: method as 'GET', path, query: {}, body: undefined });
  assert.equal((await ask('DELETE', [])).status, 405);
  assert.equal((await ask('GET', ['clock'])).status, 404);
});
