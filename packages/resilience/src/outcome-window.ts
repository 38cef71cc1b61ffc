/** What is known of one outcome, as bits. */
export const failedBit = 1;
export const slowBit = 2;

/** The outcomes that count at the moment, summed up. Adding is O(1), whatever the size. */
export interface OutcomeWindow {
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  readonly slowFailed: number;
  /** Adds an outcome (`failedBit | slowBit`) that came at a time on the clock's monotonic scale. */
  add(outcome: number, now: number): void;
  /** Forgets what is too old; a count window forgets nothing by time. */
  expire(now: number): void;
  clear(): void;
}

/** The last `size` outcomes: one byte each. */
export function countWindow(size: number): OutcomeWindow {
  return new CountWindow(size);
}

/** The outcomes of the last `windowMs`, in slices of a twentieth: a constant number of counters. */
export function timeWindow(windowMs: number): OutcomeWindow {
  return new TimeWindow(windowMs);
}

class CountWindow implements OutcomeWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  slowFailed = 0;
  readonly #outcomes: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#outcomes = new Uint8Array(size);
  }

  add(outcome: number): void {
    const outcomes = this.#outcomes;
    if (this.calls === outcomes.length) this.#count(outcomes[this.#next] ?? 0, -1);
    else this.calls += 1;
    outcomes[this.#next] = outcome;
    this.#next += 1;
    if (this.#next === outcomes.length) this.#next = 0;
    this.#count(outcome, 1);
  }

  expire(): void {}

  clear(): void {
    this.calls = this.failed = this.slow = this.slowFailed = this.#next = 0;
  }

  #count(outcome: number, by: number): void {
    if (outcome === 0) return;
    if ((outcome & failedBit) !== 0) this.failed += by;
    if ((outcome & slowBit) !== 0) this.slow += by;
    if (outcome === (failedBit | slowBit)) this.slowFailed += by;
  }
}

const slices = 20;
/** Counters of a slice: calls, failed, slow, slow and failed. */
const width = 4;

class TimeWindow implements OutcomeWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  slowFailed = 0;
  readonly #sliceMs: number;
  readonly #counts = new Float64Array(slices * width);
  #slice = Number.NEGATIVE_INFINITY;
  /** Where the counters of the current slice begin, and when it ends. */
  #at = 0;
  #endsAt = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / slices;
  }

  add(outcome: number, now: number): void {
    if (now >= this.#endsAt) this.expire(now);
    if (outcome === 0) {
      this.calls += 1;
      this.#counts[this.#at] = (this.#counts[this.#at] ?? 0) + 1;
      return;
    }
    const failed = outcome & failedBit;
    const slow = (outcome & slowBit) >> 1;
    this.#add(this.#at, 1, failed, slow, failed & slow);
  }

  expire(now: number): void {
    const slice = Math.floor(now / this.#sliceMs);
    if (slice <= this.#slice) return;
    if (slice - this.#slice >= slices) this.clear();
    else for (let old = this.#slice + 1; old <= slice; old += 1) this.#forget((old % slices) * width);
    this.#slice = slice;
    this.#at = (slice % slices) * width;
    this.#endsAt = (slice + 1) * this.#sliceMs;
  }

  clear(): void {
    this.#counts.fill(0);
    this.calls = this.failed = this.slow = this.slowFailed = 0;
  }

  #forget(at: number): void {
    const counts = this.#counts;
    const [calls = 0, failed = 0, slow = 0, slowFailed = 0] = [
      counts[at],
      counts[at + 1],
      counts[at + 2],
      counts[at + 3],
    ];
    if (calls > 0) this.#add(at, -calls, -failed, -slow, -slowFailed);
  }

  #add(at: number, calls: number, failed: number, slow: number, slowFailed: number): void {
    const counts = this.#counts;
    counts[at] = (counts[at] ?? 0) + calls;
    counts[at + 1] = (counts[at + 1] ?? 0) + failed;
    counts[at + 2] = (counts[at + 2] ?? 0) + slow;
    counts[at + 3] = (counts[at + 3] ?? 0) + slowFailed;
    this.calls += calls;
    this.failed += failed;
    this.slow += slow;
    this.slowFailed += slowFailed;
  }
}
