import type { Clock } from '@dure/core';

/** A pause that somebody else can end, and none any more once it is stopped. */
export class Pause {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  for(forMs: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        this.#ends.delete(end);
        resolve();
      };
      const timer = this.#clock.after(forMs, end);
      this.#ends.add(end);
    });
  }

  /** Ends those that are on. */
  end(): void {
    for (const end of this.#ends) end();
  }

  /** Ends those that are on and all that come. */
  stop(): void {
    this.#stopped = true;
    this.end();
  }
}
