import type { Clock } from '@dure/core';

/** A registration or its end: when, in epoch milliseconds, and of whom, as Eureka writes it: `ORDERS(10.0.0.7:orders:8080)`. */
export interface LastChange {
  readonly at: number;
  readonly whose: string;
}

const kept = 1_000;

/** The last thousand registrations and the last thousand ends of one, for people: Eureka's "last n". */
export class LastChanges {
  readonly #clock: Clock;
  readonly #registered: LastChange[] = [];
  readonly #gone: LastChange[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The newest first. */
  get registered(): readonly LastChange[] {
    return this.#registered.toReversed();
  }

  /** The newest first; cancelled and evicted. */
  get gone(): readonly LastChange[] {
    return this.#gone.toReversed();
  }

  came(app: string, id: string): void {
    this.#keep(this.#registered, app, id);
  }

  went(app: string, id: string): void {
    this.#keep(this.#gone, app, id);
  }

  #keep(changes: LastChange[], app: string, id: string): void {
    changes.push({ at: this.#clock.now(), whose: `${app}(${id})` });
    if (changes.length > kept) changes.shift();
  }
}
