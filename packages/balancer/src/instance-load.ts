import type { Instance } from './instance-list.port.ts';
import type { Candidate } from './rule.ts';

/** How a call to an instance ended. A refusal is a success of the instance; a caller who left says nothing about it. */
export type Outcome = 'success' | 'failure' | 'cancelled';

/** The time constant of the success average: after it, old outcomes count for 1/e. */
const memoryMs = 2_000;

/** What one caller knows of one instance. */
export class InstanceLoad implements Candidate {
  /** Replaced when the registry says something new about the same instance. */
  instance: Instance;
  inFlight = 0;
  success = 1;
  pickedAtMs = Number.NEGATIVE_INFINITY;
  #observedAtMs: number;

  constructor(instance: Instance, nowMs: number) {
    this.instance = instance;
    this.#observedAtMs = nowMs;
  }

  begin(nowMs: number): void {
    this.inFlight += 1;
    this.pickedAtMs = nowMs;
  }

  end(outcome: Outcome, nowMs: number): void {
    this.inFlight -= 1;
    if (outcome === 'cancelled') return;
    const weight = Math.exp(-Math.max(nowMs - this.#observedAtMs, 1) / memoryMs);
    this.success = this.success * weight + (outcome === 'success' ? 1 - weight : 0);
    this.#observedAtMs = nowMs;
  }
}
