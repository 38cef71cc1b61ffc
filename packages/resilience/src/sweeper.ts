import type { Clock, Timer } from '@dure/core';

/** Something that must not last longer than until `endsAt`. */
export interface Expiring {
  /** On the clock's monotonic scale, in milliseconds. */
  readonly endsAt: number;
  expire(): void;
}

/** Watches any number of things that expire, by one timer. */
export interface Sweeper<T extends Expiring> {
  add(item: T): void;
  remove(item: T): void;
}

/**
 * One timer for many short waits. Nearly every wait ends before its time, so a timer of its own for each is wasted:
 * the one timer stands at the earliest end, is left standing when that wait is over, and, when it fires, moves on to
 * the earliest end that is left. Adding and removing costs a set insertion; a sweep visits the waits under way.
 */
export function sweeper<T extends Expiring>(clock: Clock): Sweeper<T> {
  const items = new Set<T>();
  let timer: Timer | undefined;
  let firesAt = Number.POSITIVE_INFINITY;
  const arm = (at: number) => {
    timer?.cancel();
    firesAt = at;
    timer = clock.after(Math.max(at - clock.monotonicMs(), 0), sweep);
  };
  const sweep = () => {
    timer = undefined;
    firesAt = Number.POSITIVE_INFINITY;
    const now = clock.monotonicMs();
    let earliest = Number.POSITIVE_INFINITY;
    for (const item of items) {
      if (item.endsAt <= now) {
        items.delete(item);
        item.expire();
      } else if (item.endsAt < earliest) earliest = item.endsAt;
    }
    if (earliest < firesAt) arm(earliest);
  };
  return {
    add(item) {
      items.add(item);
      if (item.endsAt < firesAt) arm(item.endsAt);
    },
    remove: (item) => void items.delete(item),
  };
}
