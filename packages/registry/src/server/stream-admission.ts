import type { Clock } from '@dure/core';

/** Options of `StreamAdmission`. */
export interface StreamAdmissionOptions {
  readonly clock: Clock;
  readonly perSecond: number;
  readonly atOnce: number;
  /** Turns that are remembered; beyond it the oldest is forgotten. */
  readonly maxTurns: number;
}

/** A turn that nobody takes is kept this long. */
const keptMs = 30_000;
/** Whose clock is a little fast is not sent away again. */
const earlyMs = 20;

/**
 * Spreads a herd: a few streams are opened at once, the rest get a turn each, at an even rate. Turns are remembered
 * here, so that whoever comes back at its turn is welcome, once, and nobody can claim to have one.
 */
export class StreamAdmission {
  readonly #options: StreamAdmissionOptions;
  /** When each is due, in monotonic milliseconds; the oldest first. */
  readonly #turns = new Map<string, number>();
  /** The moment up to which turns are taken. */
  #takenUntil = Number.NEGATIVE_INFINITY;

  constructor(options: StreamAdmissionOptions) {
    this.#options = options;
  }

  /** Milliseconds after which the stream of this caller is welcome; 0: now. Asking again does not cost another turn. */
  turn(caller: string): number {
    const { clock, perSecond, atOnce } = this.#options;
    const now = clock.monotonicMs();
    this.#forget(now);
    const due = this.#turns.get(caller);
    if (due !== undefined) {
      if (due - now > earlyMs) return Math.ceil(due - now);
      this.#turns.delete(caller);
      return 0;
    }
    const stepMs = 1_000 / perSecond;
    this.#takenUntil = Math.max(this.#takenUntil, now - atOnce * stepMs) + stepMs;
    const waitMs = Math.round(this.#takenUntil - now);
    if (waitMs > 0) this.#turns.set(caller, now + waitMs);
    return Math.max(0, waitMs);
  }

  #forget(now: number): void {
    for (const [caller, due] of this.#turns) {
      if (due + keptMs >= now && this.#turns.size < this.#options.maxTurns) return;
      this.#turns.delete(caller);
    }
  }
}
