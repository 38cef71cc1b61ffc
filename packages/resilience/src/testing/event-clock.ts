import type { Clock, Timer } from '@dure/core';

/** A clock for simulations: it jumps from timer to timer, in order, and has no cost per timer that is set. */
export interface EventClock extends Clock {
  /** Runs until a time on the monotonic scale; everything that promises lead to happens in between. */
  runUntil(untilMs: number): Promise<void>;
}

interface Event {
  readonly at: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** Starts at 0 on the monotonic scale and at 2026-01-01T00:00:00Z. */
export function eventClock(): EventClock {
  const heap: Event[] = [];
  const startMs = Date.UTC(2026, 0, 1);
  let now = 0;
  let order = 0;
  return {
    now: () => startMs + now,
    monotonicMs: () => now,
    after(delayMs, fire): Timer {
      order += 1;
      const event: Event = { at: now + Math.max(delayMs, 0), order, fire };
      push(heap, event);
      return {
        cancel: () => {
          event.fire = undefined;
        },
      };
    },
    async runUntil(untilMs) {
      await settled();
      for (let next = heap[0]; next !== undefined && next.at <= untilMs; next = heap[0]) {
        pop(heap);
        if (next.fire === undefined) continue;
        now = next.at;
        next.fire();
        await settled();
      }
      now = untilMs;
    },
  };
}

/** All microtasks run before a macrotask does. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    if (right !== undefined && isBefore(right, left)) child += 1;
    const below = heap[child];
    if (below === undefined || !isBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}
