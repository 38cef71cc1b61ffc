import type { Clock, Timer } from '@dure/core';

/** Something under way that must not wait longer than until `dueAt`, which may be moved at any time. */
export interface Waiting {
  /** On the clock's monotonic scale, in milliseconds; `Infinity` while nothing is due. */
  dueAt: number;
  /** Where `Deadlines` keeps it; -1 while it is not watched. */
  slot: number;
  /** Its time has passed; `dueAt` has been set to `Infinity`. */
  expire(): void;
}

/** Watches any number of waits by one timer; a wait ends at most `everyMs` late. */
export interface Deadlines<T extends Waiting> {
  watch(item: T): void;
  /** Idempotent. */
  forget(item: T): void;
  /** Everything that is watched, in no order. */
  readonly items: readonly T[];
}

/**
 * Nearly every wait ends long before its time, so a timer of its own for each is wasted: one timer looks at all of them,
 * and stands only while there are any. They are kept in an array and not in a `Set`: one that changes as often as requests
 * come makes a new table every few of them, each reachable from the one before, and once the first is in V8's old space
 * all later ones, with the requests in them, survive every minor collection.
 */
export function deadlines<T extends Waiting>(clock: Clock, everyMs = 100): Deadlines<T> {
  const items: T[] = [];
  let timer: Timer | undefined;
  const sweep = () => {
    timer = undefined;
    const now = clock.monotonicMs();
    for (const item of items.filter(({ dueAt }) => dueAt <= now)) {
      if (item.dueAt > now) continue;
      item.dueAt = Number.POSITIVE_INFINITY;
      item.expire();
    }
    arm();
  };
  const arm = () => {
    if (timer === undefined && items.length > 0) timer = clock.after(everyMs, sweep);
  };
  return {
    watch(item) {
      if (item.slot >= 0) return;
      item.slot = items.push(item) - 1;
      arm();
    },
    forget(item) {
      const last = item.slot < 0 ? undefined : items.pop();
      if (last === undefined) return;
      if (last !== item) {
        items[item.slot] = last;
        last.slot = item.slot;
      }
      item.slot = -1;
    },
    items,
  };
}
