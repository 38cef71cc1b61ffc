import type { Clock, Timer } from '@dure/core';

/** Something under way that must not wait longer than until `dueAt`, which may be moved at any time. */
export interface Waiting {
  /** On the clock's monotonic scale, in milliseconds; `Infinity` while nothing is due. */
  dueAt: number;
  /** Its time has passed; `dueAt` has been set to `Infinity`. */
  expire(): void;
}

/** Watches any number of waits by one timer; a wait ends at most `everyMs` late. */
export interface Deadlines<T extends Waiting> {
  watch(item: T): void;
  forget(item: T): void;
  /** Everything that is watched. */
  readonly items: ReadonlySet<T>;
}

/**
 * Nearly every wait ends long before its time, so a timer of its own for each is wasted: one timer looks at all of them,
 * and stands only while there are any.
 */
export function deadlines<T extends Waiting>(clock: Clock, everyMs = 100): Deadlines<T> {
  const items = new Set<T>();
  let timer: Timer | undefined;
  const sweep = () => {
    timer = undefined;
    const now = clock.monotonicMs();
    for (const item of items) {
      if (item.dueAt > now) continue;
      item.dueAt = Number.POSITIVE_INFINITY;
      item.expire();
    }
    arm();
  };
  const arm = () => {
    if (timer === undefined && items.size > 0) timer = clock.after(everyMs, sweep);
  };
  return {
    watch(item) {
      items.add(item);
      arm();
    },
    forget: (item) => void items.delete(item),
    items,
  };
}
