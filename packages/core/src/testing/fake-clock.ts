import type { Clock } from '../clock.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on, firing every timer that falls due, in order; promises settle between timers. */
  advance(byMs: number): Promise<void>;
  /** Sets wall time alone, forward or back, as an operator or NTP does: no time passes and no timer fires. */
  jump(byMs: number): void;
  /** How many timers are set. */
  readonly pending: number;
}

/** Starts at 2026-01-01T00:00:00Z unless told. */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startMs;
  let jumpedMs = 0;
  let sequence = 0;
  const timers = new Map<number, { readonly at: number; readonly fire: () => void }>();
  const nextDue = (until: number) => {
    let due: { id: number; at: number; fire: () => void } | undefined;
    for (const [id, timer] of timers) {
      if (timer.at <= until && (due === undefined || timer.at < due.at)) due = { id, ...timer };
    }
    return due;
  };
  return {
    now: () => now + jumpedMs,
    monotonicMs: () => now - startMs,
    after(delayMs, fire) {
      sequence += 1;
      const id = sequence;
      timers.set(id, { at: now + Math.max(delayMs, 0), fire });
      return { cancel: () => void timers.delete(id) };
    },
    async advance(byMs) {
      const until = now + byMs;
      await settle();
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        timers.delete(due.id);
        now = Math.max(now, due.at);
        due.fire();
        await settle();
      }
      now = until;
    },
    jump(byMs) {
      jumpedMs += byMs;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Lets promises that are already settled run their continuations. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
