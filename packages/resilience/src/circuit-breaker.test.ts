import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DureError, Refusal } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import fc from 'fast-check';
import type { BreakerEvent } from './breaker-events.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { circuitBreakers } from './circuit-breakers.ts';
import type { Verdict } from './verdict.ts';
import { verdictOf } from './verdict.ts';

function setup() {
  const clock = fakeClock();
  const events: BreakerEvent[] = [];
  const breaker = circuitBreaker({
    clock,
    name: 'stock',
    window: 10,
    minimumCalls: 4,
    openMs: 1_000,
    halfOpenCalls: 2,
    halfOpenMs: 5_000,
    observe: (event) => void events.push(event),
  });
  const times = (count: number, verdict: Verdict) => {
    for (let call = 0; call < count; call += 1) breaker.report(permit(breaker), verdict);
  };
  return { clock, breaker, events, times, kinds: () => events.map((event) => event.kind) };
}

function permit(breaker: CircuitBreaker): number {
  const given = breaker.acquire();
  assert.ok(given !== undefined, `the breaker is ${breaker.state}`);
  return given;
}

test('the breaker opens when half of at least four calls failed', () => {
  const { breaker, times } = setup();
  times(3, 'failure');
  assert.equal(breaker.state, 'closed', 'three calls mean nothing yet');
  times(1, 'success');
  assert.equal(breaker.state, 'open', 'three of four');
  assert.equal(breaker.acquire(), undefined);
});

test('only the last calls count', () => {
  const { breaker, times } = setup();
  times(1, 'failure');
  times(10, 'success');
  times(4, 'failure');
  assert.equal(breaker.state, 'closed', 'four of ten');
  times(1, 'failure');
  assert.equal(breaker.state, 'open', 'five of ten');
});

test('after the open time two probes decide: both well, and it closes', async () => {
  const { clock, breaker, times, kinds } = setup();
  times(4, 'failure');
  await clock.advance(999);
  assert.equal(breaker.permits, false);
  await clock.advance(1);
  assert.equal(breaker.permits, true);
  const probes = [permit(breaker), permit(breaker)];
  assert.equal(breaker.state, 'half-open');
  assert.equal(breaker.acquire(), undefined, 'a third call fails fast, it does not wait for the probes');
  for (const probe of probes) breaker.report(probe, 'success');
  assert.deepEqual(kinds(), ['opened', 'half-opened', 'rejected', 'closed']);
});

test('a failed probe opens it again, for twice as long', async () => {
  const { clock, breaker, events, times } = setup();
  times(4, 'failure');
  await clock.advance(1_000);
  times(1, 'failure');
  assert.equal(breaker.state, 'open');
  await clock.advance(1_999);
  assert.equal(breaker.permits, false);
  await clock.advance(1);
  times(2, 'success');
  assert.equal(breaker.state, 'closed');
  times(4, 'failure');
  assert.deepEqual(
    events.filter((event) => event.kind === 'opened').map((event) => event.openMs),
    [1_000, 2_000, 1_000],
  );
});

// Guards against what Polly#217 describes and cockatiel 4 does: a late failure re-opens the half-open breaker.
test('a late answer to a call from before it opened says nothing about the probes', async () => {
  const { clock, breaker, times } = setup();
  const old = permit(breaker);
  times(4, 'failure');
  await clock.advance(1_000);
  const probe = permit(breaker);
  breaker.report(old, 'failure');
  assert.equal(breaker.state, 'half-open');
  breaker.report(probe, 'success');
  times(1, 'success');
  breaker.report(probe, 'failure');
  assert.equal(breaker.state, 'closed');
});

// Guards against resilience4j#903 and others: half-open for ever when permits are lost.
test('probes that never come back count as failed after their time', async () => {
  const { clock, breaker, times } = setup();
  times(4, 'failure');
  await clock.advance(1_000);
  const lost = [permit(breaker), permit(breaker)];
  await clock.advance(5_000);
  assert.equal(breaker.acquire(), undefined);
  assert.equal(breaker.state, 'open');
  await clock.advance(2_000);
  times(1, 'success');
  for (const probe of lost) breaker.report(probe, 'failure');
  times(1, 'success');
  assert.equal(breaker.state, 'closed');
});

test('probes may be far apart: a quiet service recovers as well', async () => {
  const { clock, breaker, times } = setup();
  times(4, 'failure');
  await clock.advance(1_000);
  times(1, 'success');
  await clock.advance(60_000);
  times(1, 'success');
  assert.equal(breaker.state, 'closed');
});

test('a cancelled probe gives its permit back', async () => {
  const { clock, breaker, times } = setup();
  times(4, 'failure');
  await clock.advance(1_000);
  times(20, 'nothing');
  assert.equal(breaker.state, 'half-open');
});

test('refusals and mistakes of the caller count nothing, but show that a probe was answered', async () => {
  const { clock, breaker, times } = setup();
  times(3, 'failure');
  times(50, 'answered');
  times(1, 'failure');
  assert.equal(breaker.state, 'open');
  await clock.advance(1_000);
  times(2, 'answered');
  assert.equal(breaker.state, 'closed');
});

test('the layer fails fast with the name and the time, and sends nothing', async () => {
  const { breaker, times } = setup();
  times(4, 'failure');
  let sent = 0;
  const guarded = breaker.layer<string, string>()(async (input) => {
    sent += 1;
    return input;
  });
  await assert.rejects(guarded('x', testCall()), {
    code: 'RESILIENCE_BREAKER_OPEN',
    retryable: true,
    message: 'the circuit breaker of "stock" is open; it tries again in 1000 ms',
  });
  assert.equal(sent, 0);
});

test('the layer reports every outcome, and nothing when the caller left', async () => {
  const { breaker } = setup();
  const failing = breaker.layer<string, string>()(async () => Promise.reject(new TypeError('defect')));
  for (let call = 0; call < 10; call += 1) {
    await assert.rejects(failing('x', testCall({ signal: AbortSignal.abort() })));
  }
  assert.equal(breaker.state, 'closed');
  for (let call = 0; call < 4; call += 1) await assert.rejects(failing('x', testCall()));
  assert.equal(breaker.state, 'open');
});

test('an error tells by its kind whether the other side is well', () => {
  const refusal = new Refusal({ service: 's', operation: 'o', code: 'No', data: {}, status: 409 });
  assert.equal(verdictOf(refusal), 'answered');
  assert.equal(verdictOf(new DureError('X', 'invalid', 'x')), 'answered');
  assert.equal(
    verdictOf(new DureError('RESILIENCE_OVERLOADED', 'unavailable', 'x')),
    'answered',
    'it does what it can',
  );
  assert.equal(verdictOf(new DureError('X', 'timeout', 'x')), 'failure');
  assert.equal(verdictOf(new DureError('X', 'cancelled', 'x')), 'nothing');
  assert.equal(verdictOf('anything'), 'failure');
});

test('whatever happens, it never lets more probes through than allowed, and always recovers', () => {
  const step = fc.oneof(
    fc.constant({ do: 'call' as const }),
    fc.record({
      do: fc.constant('report' as const),
      pick: fc.nat(),
      verdict: fc.constantFrom<Verdict>('success', 'failure', 'answered', 'nothing'),
    }),
    fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      let now = 0;
      const breaker = circuitBreaker({
        clock: { ...fakeClock(), monotonicMs: () => now },
        name: 'm',
        window: 5,
        minimumCalls: 2,
        halfOpenCalls: 2,
      });
      let out: { permit: number; state: string }[] = [];
      for (const one of steps) {
        if (one.do === 'tick') now += one.ms;
        else if (one.do === 'call') {
          const wouldPermit = breaker.permits;
          const given = breaker.acquire();
          if (given !== undefined) out.push({ permit: given, state: breaker.state });
          if (!wouldPermit) assert.equal(given, undefined);
        } else if (out.length > 0) {
          const [back] = out.splice(one.pick % out.length, 1);
          if (back !== undefined) breaker.report(back.permit, one.verdict);
        }
        if (breaker.state === 'half-open') {
          const newest = Math.max(...out.map(({ permit: number }) => number));
          assert.ok(out.filter((call) => call.state === 'half-open' && call.permit === newest).length <= 2);
        }
      }
      out = [];
      for (let round = 0; round < 50 && breaker.state !== 'closed'; round += 1) {
        now += 30_000;
        const given = breaker.acquire();
        if (given !== undefined) breaker.report(given, 'success');
      }
      assert.equal(breaker.state, 'closed');
    }),
  );
});

test('breakers by key are made once, and those long unused are forgotten', () => {
  const breakers = circuitBreakers({ clock: fakeClock(), most: 4 });
  const first = breakers.of('a');
  assert.equal(breakers.of('a'), first);
  for (const key of ['b', 'c', 'd', 'e', 'f']) {
    breakers.of(key);
    assert.equal(breakers.of('a'), first, 'what is used is kept');
  }
  assert.equal(breakers.peek('b'), undefined);
  assert.equal(breakers.peek('f')?.name, 'f');
});
