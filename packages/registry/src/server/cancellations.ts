import type { Clock } from '@dure/core';

const rememberedMs = 5 * 60_000;

/** What was cancelled lately, so that a peer which has not heard of it does not bring it back. */
export class Cancellations {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #byKey = new Map<string, { readonly lastDirtyTimestamp: number; readonly at: number }>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  add(app: string, id: string, lastDirtyTimestamp: number): void {
    this.forget(app, id);
    this.#byKey.set(`${app}/${id}`, { lastDirtyTimestamp, at: this.#clock.monotonicMs() });
    if (this.#byKey.size > this.#limit) this.purge();
  }

  forget(app: string, id: string): void {
    this.#byKey.delete(`${app}/${id}`);
  }

  /** Whether the cancellation is as new as this registration, or newer. */
  isNewer(app: string, id: string, lastDirtyTimestamp: number): boolean {
    const found = this.#byKey.get(`${app}/${id}`);
    if (found === undefined || this.#clock.monotonicMs() - found.at > rememberedMs) return false;
    return found.lastDirtyTimestamp >= lastDirtyTimestamp;
  }

  purge(): void {
    const oldest = this.#clock.monotonicMs() - rememberedMs;
    for (const [key, { at }] of this.#byKey) {
      if (at >= oldest && this.#byKey.size <= this.#limit) return;
      this.#byKey.delete(key);
    }
  }
}
