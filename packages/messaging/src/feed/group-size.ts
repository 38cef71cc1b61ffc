/** How long messages that go together may take, in milliseconds: those behind them wait so long, and rivals for what they change. */
const aimMs = 20;
/** However quick they are. */
const most = 32;
/** The longest row of messages that go one by one after failures. */
const mostAlone = 1_000;

/**
 * How many messages go together: twice as many as before while that goes well and quickly. After a failure they go one by one for a while, since any of those
 * that went together may have been it, and for longer the more often in a row that happens.
 */
export class GroupSize {
  #size = 1;
  #alone = 0;
  #failures = 0;

  get size(): number {
    return this.#alone > 0 ? 1 : this.#size;
  }

  /** So many have been applied in this time, in milliseconds. */
  went(count: number, tookMs: number): void {
    if (count > 1) this.#failures = 0;
    this.#alone = Math.max(this.#alone - count, 0);
    if (this.#alone > 0) return;
    const quick = Math.floor((aimMs * count) / Math.max(tookMs, 0.001));
    this.#size = Math.max(1, Math.min(this.#size * 2, quick, most));
  }

  /** So many could not be applied together. */
  failed(count: number): void {
    this.#alone = Math.min(count * 2 ** this.#failures, mostAlone);
    this.#failures += 1;
    this.#size = 1;
  }
}
