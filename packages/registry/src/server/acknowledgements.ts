import type { Clock } from '@dure/core';

interface Waiting {
  readonly version: number;
  readonly look: () => void;
}

/** Which version of the list each subscriber routes by, and who waits for all of them to have come so far. */
export class Acknowledgements {
  readonly #clock: Clock;
  readonly #applied = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A subscriber that is new, or back: what it routes by is not known until it says so. */
  joined(subscriber: string): void {
    if (!this.#applied.has(subscriber)) this.#applied.set(subscriber, -1);
  }

  /** It is gone for good: it routes no more. */
  left(subscriber: string): void {
    if (this.#applied.delete(subscriber)) this.#look();
  }

  applied(subscriber: string, version: number): void {
    const before = this.#applied.get(subscriber);
    if (before === undefined || before >= version) return;
    this.#applied.set(subscriber, version);
    this.#look();
  }

  /** How many subscribers have not come to this version. */
  behind(version: number): number {
    let behind = 0;
    for (const applied of this.#applied.values()) if (applied < version) behind += 1;
    return behind;
  }

  /** Resolves, with how many are still behind, when nobody is or after `withinMs`. */
  all(version: number, withinMs: number): Promise<number> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        this.#waiting.delete(waiting);
        resolve(this.behind(version));
      };
      const waiting: Waiting = { version, look: () => this.behind(version) === 0 && end() };
      const timer = this.#clock.after(withinMs, end);
      this.#waiting.add(waiting);
      waiting.look();
    });
  }

  /** Nobody is left waiting. */
  close(): void {
    this.#applied.clear();
    this.#look();
  }

  #look(): void {
    for (const { look } of [...this.#waiting]) look();
  }
}
