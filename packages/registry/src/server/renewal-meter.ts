import type { Clock } from '@dure/core';

const minuteMs = 60_000;
/** What is counted at a time: this many renewals of each client. */
const renewalsInWindow = 2;
const expectedShare = 0.85;
const recountMs = 15 * 60_000;

/**
 * Eureka's self-preservation: leases may expire only while at least 85 % of the expected renewals arrive, because
 * when most clients fall silent at once it is more likely the network than the clients. They are counted in windows of
 * two renewals, which is Eureka's minute where clients renew every 30 s, and told by the minute.
 *
 * After `AbstractInstanceRegistry` and `MeasuredRate` of Netflix/eureka.
 */
export class RenewalMeter {
  readonly #clock: Clock;
  readonly #enabled: boolean;
  readonly #expectedMs: number;
  #expectedClients = 1;
  #windowStart: number;
  #current = 0;
  #previous = 0;
  #recountedAt: number;

  constructor(clock: Clock, enabled: boolean, expectedMs = 30_000) {
    this.#clock = clock;
    this.#enabled = enabled;
    this.#expectedMs = expectedMs;
    this.#windowStart = clock.monotonicMs();
    this.#recountedAt = this.#windowStart;
  }

  /** Renewals a minute, by the last whole window. */
  get lastMinute(): number {
    this.#roll();
    return Math.round((this.#previous * minuteMs) / (renewalsInWindow * this.#expectedMs));
  }

  /** Renewals a minute that must be exceeded for leases to expire. */
  get threshold(): number {
    return Math.trunc(this.#expectedClients * (minuteMs / this.#expectedMs) * expectedShare);
  }

  get expires(): boolean {
    return !this.#enabled || (this.threshold > 0 && this.lastMinute > this.threshold);
  }

  count(): void {
    this.#roll();
    this.#current += 1;
  }

  clientCame(): void {
    if (this.#expectedClients > 0) this.#expectedClients += 1;
  }

  clientLeft(): void {
    if (this.#expectedClients > 0) this.#expectedClients -= 1;
  }

  /** Every 15 minutes the expectation follows what is there, unless too many are missing. */
  recount(known: number): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#recountedAt < recountMs) return;
    this.#recountedAt = now;
    if (known > expectedShare * this.#expectedClients || !this.#enabled) this.#expectedClients = known;
  }

  #roll(): void {
    const windowMs = renewalsInWindow * this.#expectedMs;
    const passed = Math.floor((this.#clock.monotonicMs() - this.#windowStart) / windowMs);
    if (passed <= 0) return;
    this.#previous = passed === 1 ? this.#current : 0;
    this.#current = 0;
    this.#windowStart += passed * windowMs;
  }
}
