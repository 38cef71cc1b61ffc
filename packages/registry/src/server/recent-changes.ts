import type { Clock } from '@dure/core';
import type { Entry } from './instance-info.ts';

const retentionMs = 180_000;

/** What changed in the last three minutes, newest state once per instance: the content of Eureka's delta. */
export class RecentChanges {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #byKey = new Map<string, { readonly entry: Entry; readonly at: number }>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Beyond the limit the oldest is dropped: the client's hash then differs and it fetches everything. */
  add(entry: Entry): void {
    const key = `${entry.info.app}/${entry.info.instanceId}`;
    this.#byKey.delete(key);
    this.#byKey.set(key, { entry, at: this.#clock.monotonicMs() });
    this.purge();
  }

  purge(): void {
    const oldest = this.#clock.monotonicMs() - retentionMs;
    for (const [key, { at }] of this.#byKey) {
      if (at >= oldest && this.#byKey.size <= this.#limit) return;
      this.#byKey.delete(key);
    }
  }

  entries(): readonly Entry[] {
    this.purge();
    return [...this.#byKey.values()].map(({ entry }) => entry);
  }
}
