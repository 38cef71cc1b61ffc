import type { Clock } from '@dure/core';

const bucketMs = 60_000;
const renewalsPerMinute = 60 / 30;
const expectedShare = 0.85;
const recountMs = 15 * 60_000;

/**
 * Eureka's self-preservation: leases may expire only while at least 85 % of the expected renewals arrive, because
 * when most clients fall silent at once it is more likely the network than the clients.
 *
 * After `AbstractInstanceRegistry` and `MeasuredRate` of Netflix/eureka.
 */
export class RenewalMeter {
  readonly #clock: Clock;
  readonly #enabled: boolean;
  #expectedClients = 1;
  #bucketStart: number;
  #current = 0;
  #previous = 0;
  #recountedAt: number;

  constructor(clock: Clock, enabled: boolean) {
    this.#clock = clock;
    this.#enabled = enabled;
    this.#bucketStart = clock.monotonicMs();
    this.#recountedAt = this.#bucketStart;
  }

  /** Renewals in the last whole minute. */
  get lastMinute(): number {
    this.#roll();
    return this.#previous;
  }

  /** Renewals a minute that must be exceeded for leases to expire. */
  get threshold(): number {
    return Math.trunc(this.#expectedClients * renewalsPerMinute * expectedShare);
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
    const passed = Math.floor((this.#clock.monotonicMs() - this.#bucketStart) / bucketMs);
    if (passed <= 0) return;
    this.#previous = passed === 1 ? this.#current : 0;
    this.#current = 0;
    this.#bucketStart += passed * bucketMs;
  }
}
