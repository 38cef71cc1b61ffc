import assert from 'node:assert/strict';
import type { Call, Handler, Layer } from '@dure/core';
import { codeOf, plainOperation, seededRandom, stack, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { adaptiveLimit } from '../adaptive-limit.ts';
import { circuitBreaker } from '../circuit-breaker.ts';
import { retry } from '../retry.ts';
import { retryBudgets } from '../retry-budget.ts';
import { timeout } from '../timeout.ts';
import type { EventClock } from './event-clock.ts';
import { eventClock } from './event-clock.ts';

const operation = { ...plainOperation('api', 'get'), idempotent: true, timeoutMs: 500 };
const workers = 4;
const workMs = 20;
/** Calls a second that the server can carry out. */
export const capacity = (workers * 1_000) / workMs;

/** A server with four workers and a queue without bound, which works off what nobody waits for as well. */
export function server(clock: EventClock, random = seededRandom(3)): Handler<string, string> {
  let busy = 0;
  const line: (() => void)[] = [];
  return async (input) => {
    if (busy >= workers) await new Promise<void>((resolve) => line.push(resolve));
    else busy += 1;
    await wait(clock, workMs * (0.5 + random.next()));
    const next = line.shift();
    if (next === undefined) busy -= 1;
    else next();
    return input;
  };
}

export interface Tally {
  offered: number;
  good: number;
  readonly tookMs: number[];
  readonly refusedMs: number[];
}

/** Offers calls at random times; tallies what came of those that began in each phase. */
export async function offer(
  clock: EventClock,
  run: (call: Call) => Promise<unknown>,
  phases: readonly { readonly perSecond: number; readonly seconds: number }[],
  seed: number,
): Promise<Tally[]> {
  const random = seededRandom(seed);
  const tallies: Tally[] = [];
  for (const { perSecond, seconds } of phases) {
    const tally: Tally = { offered: 0, good: 0, tookMs: [], refusedMs: [] };
    tallies.push(tally);
    const end = clock.monotonicMs() + seconds * 1_000;
    const one = () => {
      if (clock.monotonicMs() >= end) return;
      tally.offered += 1;
      const beganAt = clock.monotonicMs();
      run(testCall({ operation, deadline: clock.now() + 500 })).then(
        () => {
          tally.good += 1;
          tally.tookMs.push(clock.monotonicMs() - beganAt);
        },
        (error) => {
          if (codeOf(error) === 'RESILIENCE_OVERLOADED') tally.refusedMs.push(clock.monotonicMs() - beganAt);
        },
      );
      clock.after((-Math.log(1 - random.next()) * 1_000) / perSecond, one);
    };
    clock.after(0, one);
    await clock.runUntil(end);
  }
  return tallies;
}

export const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

/** What a client does by default, or what a naive one does: retry three times, whatever happens. */
function client(clock: EventClock, seed: number, protect: 'dure' | 'naive'): Layer<string, string> {
  const random = seededRandom(seed);
  if (protect === 'dure') {
    const budget = retryBudgets({ clock });
    const breaker = circuitBreaker({ clock, name: 'api' });
    return stack<string, string>(retry({ clock, random, budget }), breaker.layer(), timeout({ clock, limitMs: 200 }));
  }
  const unlimited = { deposit: () => undefined, withdraw: () => true };
  return stack<string, string>(
    retry({ clock, random, budget: () => unlimited, attempts: 4 }),
    timeout({ clock, limitMs: 200 }),
  );
}

/** The share of goodput that is left ten seconds after thirty seconds of twice the capacity. */
export async function metastable(seed: number, protect: 'dure' | 'naive'): Promise<number> {
  const clock = eventClock();
  const limit = adaptiveLimit({ clock, name: 'api', least: 2, initial: 10 });
  const serve = server(clock, seededRandom(seed + 100));
  const layers = client(clock, seed, protect);
  const run = layers(protect === 'dure' ? limit.layer<string, string>()(serve) : serve);
  const [before, , , after] = await offer(
    clock,
    (call) => run('x', call),
    [
      { perSecond: capacity * 0.7, seconds: 5 },
      { perSecond: capacity * 2, seconds: 30 },
      { perSecond: capacity * 0.7, seconds: 10 },
      { perSecond: capacity * 0.7, seconds: 5 },
    ],
    seed,
  );
  assert.ok(before !== undefined && after !== undefined);
  return after.good / after.offered / (before.good / before.offered);
}
