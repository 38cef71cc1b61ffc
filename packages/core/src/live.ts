/**
 * A value that changes as a whole while it is used. Whoever reads `current` once and works with what it got never sees half
 * of a change.
 */
export interface Live<T> {
  /** The value of this moment, itself immutable. */
  readonly current: T;
  /** Is told of each change, after it became current. The result ends that. */
  onChange(listener: (now: T, before: T) => void): () => void;
}

/** A live value and the one who may change it. */
export interface LiveCell<T> extends Live<T> {
  /** Every listener is told, also when one of them throws; then it throws what that one threw. */
  set(next: T): void;
}

/**
 * A live value that begins with `first`; never set, it is one that never changes.
 *
 * @example
 * const level = live('info');
 * level.onChange((now) => apply(now));
 * level.set('debug');
 */
export function live<T>(first: T): LiveCell<T> {
  return new Cell(first);
}

class Cell<T> implements LiveCell<T> {
  #current: T;
  readonly #listeners = new Set<(now: T, before: T) => void>();

  constructor(first: T) {
    this.#current = first;
  }

  get current(): T {
    return this.#current;
  }

  onChange(listener: (now: T, before: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  set(next: T): void {
    const before = this.#current;
    this.#current = next;
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(next, before);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
