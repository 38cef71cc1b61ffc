import type { Clock } from '@dure/core';
import type { InstanceStatus } from '../wire/push-stream.ts';

const forgottenAfterMs = 60 * 60_000;

/** Statuses that an operator set, by instance id; forgotten an hour after they were last looked at, as in Eureka. */
export class StatusOverrides {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #byId = new Map<string, { readonly status: InstanceStatus; usedAt: number }>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get(id: string): InstanceStatus | undefined {
    const found = this.#byId.get(id);
    if (found === undefined) return undefined;
    const now = this.#clock.monotonicMs();
    if (now - found.usedAt > forgottenAfterMs) {
      this.#byId.delete(id);
      return undefined;
    }
    found.usedAt = now;
    return found.status;
  }

  set(id: string, status: InstanceStatus): void {
    this.#byId.delete(id);
    this.#byId.set(id, { status, usedAt: this.#clock.monotonicMs() });
    if (this.#byId.size <= this.#limit) return;
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  /** Whether there was one. */
  delete(id: string): boolean {
    return this.#byId.delete(id);
  }

  all(): Readonly<Record<string, InstanceStatus>> {
    return Object.fromEntries([...this.#byId].map(([id, { status }]) => [id, status]));
  }
}
