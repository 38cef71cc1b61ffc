import type { Clock } from '@dure/core';

/**
 * Spreads a herd: a few streams are opened at once, the rest get a turn each, at an even rate. Whoever comes back at
 * its turn has paid already.
 */
export class StreamAdmission {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #atOnce: number;
  /** The moment up to which turns are taken, in monotonic milliseconds. */
  #takenUntil: number;

  constructor(clock: Clock, perSecond: number, atOnce: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#takenUntil = Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds after which this stream is welcome; 0: now. Each call takes a turn. */
  turn(): number {
    const now = this.#clock.monotonicMs();
    const stepMs = 1_000 / this.#perSecond;
    this.#takenUntil = Math.max(this.#takenUntil, now - this.#atOnce * stepMs) + stepMs;
    return Math.max(0, Math.round(this.#takenUntil - now));
  }
}
