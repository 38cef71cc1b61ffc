import type { Instance } from './instance-list.port.ts';
import type { Candidate, Fleet } from './rule.ts';
import type { SlowStart } from './slow-start.ts';
import { comeback, shareAtAge } from './slow-start.ts';

/** How a call to an instance ended. A refusal is a success of the instance; a caller who left says nothing about it. */
export type Outcome = 'success' | 'failure' | 'cancelled';

/** What one caller knows of all instances of one service together. */
export class FleetLoad implements Fleet {
  size = 0;
  inFlight = 0;
  picks = 0;
  latencyMs = 0;

  took(ms: number): void {
    this.latencyMs = this.latencyMs === 0 ? ms : this.latencyMs + (ms - this.latencyMs) * fleetShare;
  }
}

/**
 * What one caller knows of one instance.
 *
 * Latency is Finagle's peak-EWMA (`PeakEwma.scala`): a slower call counts at once, quicker ones pull down over ten
 * seconds. We depart from it in that a failure never makes an instance look quick, that three calls in a row below a
 * quarter of the average replace it (else an instance that was slow stays away for long), and that an instance which
 * is new to us begins with the fleet's average.
 */
export class InstanceLoad implements Candidate {
  /** Replaced when the list says something new about the same instance. */
  instance: Instance;
  readonly fleet: FleetLoad;
  weight: number;
  inFlight = 0;
  success = 1;
  failures = 0;
  failedAtMs = Number.NEGATIVE_INFINITY;
  latencyMs: number;
  pickedAtMs = Number.NEGATIVE_INFINITY;
  pickedAtCount = 0;
  probeLevel = 0;
  /** Calls and failures since the last sweep of the outlier ejection. */
  sweptCalls = 0;
  sweptFailures = 0;
  /** How often it was ejected lately; the next ejection lasts as many times as long. */
  ejections = 0;
  ejectedUntilMs = Number.NEGATIVE_INFINITY;
  isEjected = false;
  #isDown = false;
  #successes = 0;
  #observedAtMs: number;
  #quickRun = 0;
  #quickestMs = 0;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #warmFromMs = Number.NEGATIVE_INFINITY;
  #warming: SlowStart | undefined;

  constructor(instance: Instance, weight: number, fleet: FleetLoad, nowMs: number) {
    this.instance = instance;
    this.weight = weight;
    this.fleet = fleet;
    this.latencyMs = fleet.latencyMs;
    this.#observedAtMs = nowMs;
  }

  get isSuspect(): boolean {
    return this.#isDown || this.latencyMs > this.fleet.latencyMs * slowFactor;
  }

  shareAt(nowMs: number): number {
    const weight = this.weight > 0 ? this.weight : 1; // weight 0 is a candidate only where all have it
    if (this.#warming === undefined) return weight;
    const share = shareAtAge(this.#warming, nowMs - this.#warmFromMs);
    if (share >= 1) this.#warming = undefined;
    return weight * share;
  }

  /** From now on its share grows to the full one. */
  warm(slowly: SlowStart, nowMs: number): void {
    this.#warming = slowly;
    this.#warmFromMs = nowMs;
  }

  begin(nowMs: number): void {
    this.inFlight += 1;
    this.fleet.inFlight += 1;
    this.fleet.picks += 1;
    this.pickedAtMs = nowMs;
    this.pickedAtCount = this.fleet.picks;
  }

  /** `tookMs` is undefined when the time of this call says nothing, as that of a stream. */
  end(outcome: Outcome, startedMs: number, nowMs: number, tookMs: number | undefined): void {
    this.inFlight -= 1;
    this.fleet.inFlight -= 1;
    const isBetter = tookMs !== undefined && this.#learnLatency(outcome, Math.max(tookMs, leastMs), nowMs);
    if (outcome === 'cancelled') return;
    const wasDown = this.#isDown;
    this.#learnOutcome(outcome, nowMs);
    this.#observedAtMs = nowMs;
    if (isBetter || (wasDown && outcome === 'success')) this.probeLevel = -1;
    else if (!this.isSuspect) this.probeLevel = 0;
    else if (startedMs > this.#probedAtMs) {
      this.probeLevel = Math.min(this.probeLevel + 1, highestLevel);
      this.#probedAtMs = nowMs;
    }
  }

  /** Whether the call was far quicker than the average had it. */
  #learnLatency(outcome: Outcome, tookMs: number, nowMs: number): boolean {
    if (tookMs > this.latencyMs) {
      // A failure or a caller who left tells at least how long the instance did not answer.
      if (outcome === 'success' || this.latencyMs > 0) this.latencyMs = tookMs;
      if (outcome === 'success') this.fleet.took(tookMs);
      this.#quickRun = 0;
      return false;
    }
    if (outcome !== 'success') return false;
    this.fleet.took(tookMs);
    if (tookMs < this.latencyMs / 4) {
      this.#quickestMs = this.#quickRun === 0 ? tookMs : Math.max(this.#quickestMs, tookMs);
      this.#quickRun += 1;
      if (this.#quickRun < runThatConvinces) return true;
      if (this.isSuspect) this.warm(comeback, nowMs);
      this.latencyMs = this.#quickestMs;
      this.#quickRun = 0;
      return true;
    }
    this.#quickRun = 0;
    const kept = Math.exp(-Math.max(nowMs - this.#observedAtMs, 0) / latencyMemoryMs);
    this.latencyMs = tookMs * (1 - kept) + this.latencyMs * kept;
    return false;
  }

  /** Failures in a row count more and more: the fifth leaves next to nothing. So do successes of one that was down. */
  #learnOutcome(outcome: 'success' | 'failure', nowMs: number): void {
    const kept = Math.exp(-Math.max(nowMs - this.#observedAtMs, 1) / outcomeMemoryMs);
    this.sweptCalls += 1;
    if (outcome === 'failure') {
      this.sweptFailures += 1;
      this.failures += 1;
      this.failedAtMs = nowMs;
      this.#successes = 0;
      const most = Math.max(1 - (this.failures - 1) * runWeight, leastKept);
      this.success *= Math.min(Math.max(kept, keptAtOnce), most);
      if (this.success < downBelow) this.#isDown = true;
      return;
    }
    this.failures = 0;
    this.#successes += 1;
    const most = this.#isDown ? Math.max(1 - this.#successes * runWeight, leastKept) : 1;
    this.success = 1 - (1 - this.success) * Math.min(Math.max(kept, keptAtOnce), most);
    if (this.#isDown && this.success > upAbove) {
      this.#isDown = false;
      this.warm(comeback, nowMs);
    }
  }
}

/** Time constants of the averages: after them, old calls count for 1/e. */
const latencyMemoryMs = 10_000;
const outcomeMemoryMs = 2_000;
/** However long ago the one before was, one outcome leaves half of what was known. */
const keptAtOnce = 0.5;
/** How much more each further outcome of a run counts, and how little at most is kept. */
const runWeight = 0.2;
const leastKept = 0.2;
const downBelow = 0.25;
const upAbove = 0.9;
const runThatConvinces = 3;
/** This much slower than the fleet is suspect. */
const slowFactor = 4;
const highestLevel = 10;
const fleetShare = 0.01;
/** 0 means that nothing is known. */
const leastMs = 0.001;
