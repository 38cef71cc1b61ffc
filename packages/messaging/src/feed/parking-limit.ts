import type { Clock } from '@dure/core';

export interface ParkingLimitOptions {
  readonly clock: Clock;
  /** The share of the keys met within a minute that may be parked in it. */
  readonly share: number;
  /** So many may be parked in a minute in any case. */
  readonly atLeast: number;
}

const windowMs = 60_000;
/** Keys beyond these are not told apart any more; the share is then that of these. */
const mostKeys = 10_000;

/**
 * Decides whether it is a key that is broken, which is then parked, or the consumer, which then had better pause than park the
 * world. A breaker over keys: once it is open, one key a minute is parked to find out, until a message is applied.
 */
export class ParkingLimit {
  readonly #options: ParkingLimitOptions;
  readonly #keys = new Set<string>();
  #parked = 0;
  #sinceMs: number;
  #open = false;

  constructor(options: ParkingLimitOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.monotonicMs();
  }

  /** A message of this key has come. */
  met(key: string): void {
    this.#roll();
    if (this.#keys.size < mostKeys) this.#keys.add(key);
  }

  /** Something could be applied: the consumer works. */
  applied(): void {
    this.#open = false;
  }

  /** Whether one more key may be parked; if so, it counts. */
  mayPark(): boolean {
    this.#roll();
    const { share, atLeast } = this.#options;
    const most = this.#open ? 1 : Math.max(atLeast, Math.floor(share * this.#keys.size));
    if (this.#parked < most) {
      this.#parked += 1;
      return true;
    }
    this.#open = true;
    return false;
  }

  #roll(): void {
    const now = this.#options.clock.monotonicMs();
    if (now - this.#sinceMs < windowMs) return;
    this.#sinceMs = now;
    this.#parked = 0;
    this.#keys.clear();
  }
}
