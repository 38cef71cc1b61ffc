import type { Call, Clock, DureError, Handler, Layer, Timer } from '@dure/core';
import { closedError } from './bulkhead.ts';
import { nameOf } from './deadline.ts';
import { resilienceErrors } from './errors.ts';
import { checkOption, refuseOption } from './options.ts';
import type { RateMeter } from './rate-meter.ts';
import { slidingWindow, tokenBucket } from './rate-meter.ts';
import type { WaitingLine } from './waiting-line.ts';
import { waitingLine } from './waiting-line.ts';

/** How fast calls may go: a token bucket (`perSecond`) or a sliding window (`limit` in `windowMs`), not both. */
export interface RateLimits {
  /** Token bucket: permits a second. Default 50. */
  readonly perSecond?: number;
  /** Token bucket: permits that a pause can save up. Default: those of a second. */
  readonly burst?: number;
  /** Sliding window: permits in any `windowMs`. */
  readonly limit?: number;
  /** Sliding window: its length in milliseconds. Default 1 000. */
  readonly windowMs?: number;
  /** Calls that may wait for their turn. Default 0: none waits. */
  readonly queue?: number;
  /** How long one may wait, in milliseconds; never longer than its deadline. Default 1 000. */
  readonly waitMs?: number;
}

export interface RateLimiterOptions extends RateLimits {
  readonly clock: Clock;
  /** What it guards, for messages and events. */
  readonly name: string;
  /** Permits that a call takes, a whole number. Default 1; `(call) => call.operation.cost` weighs by the contract. */
  readonly cost?: (call: Call) => number;
  readonly observe?: (event: RateLimiterEvent) => void;
}

export type RateLimiterEvent =
  | { readonly kind: 'rate-limited'; readonly name: string; readonly retryAfterMs: number }
  | { readonly kind: 'rate-queued'; readonly name: string; readonly waiting: number };

export interface RateLimiterSnapshot {
  readonly name: string;
  readonly left: number;
  readonly waiting: number;
}

export interface RateLimiter {
  readonly kind: 'rate-limiter';
  readonly name: string;
  /** Takes permits without waiting: 0 when taken, else the milliseconds until they could be. */
  take(cost?: number): number;
  /** RESILIENCE_RATE_LIMITED with `details.retryAfterMs`, RESILIENCE_SHUT_DOWN after `close`. */
  call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out>;
  layer<In, Out>(): Layer<In, Out>;
  /** Another rate or window begins full. */
  update(limits: RateLimits): void;
  snapshot(): RateLimiterSnapshot;
  /** Refuses what waits and what comes. Idempotent. */
  close(): void;
}

/**
 * Bounds how many calls begin in a time. Those that wait go in order of arrival, one timer wakes the first; whoever
 * leaves has taken nothing.
 *
 * @example
 * rateLimiter({ clock, name: 'sms', perSecond: 5, burst: 10, queue: 100, waitMs: 5_000 }).layer()
 */
export function rateLimiter(options: RateLimiterOptions): RateLimiter {
  return new MeteredLimiter(options);
}

class MeteredLimiter implements RateLimiter {
  readonly kind = 'rate-limiter';
  readonly name: string;
  readonly #options: RateLimiterOptions;
  readonly #line: WaitingLine;
  #limits: RateLimits;
  #meter: RateMeter;
  #timer: Timer | undefined = undefined;
  #closed = false;

  constructor(options: RateLimiterOptions) {
    this.name = options.name;
    this.#options = options;
    this.#limits = options;
    this.#meter = meterOf(options);
    this.#line = waitingLine(options.clock, () => this.#wake());
  }

  take(cost = 1): number {
    const { size } = this.#meter;
    if (!Number.isInteger(cost) || cost < 1 || cost > size)
      throw refuseOption('rateLimiter', 'cost', cost, `a whole number from 1 to ${size}`);
    const now = this.#options.clock.monotonicMs();
    const waitMs = this.#meter.waitMs(now, cost);
    if (waitMs === 0) this.#meter.take(now, cost);
    return waitMs;
  }

  layer<In, Out>(): Layer<In, Out> {
    return (next) => (input, call) => this.call(next, input, call);
  }

  async call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out> {
    const cost = this.#options.cost?.(call) ?? 1;
    const first = !this.#closed && this.#line.length === 0;
    if (!first || this.take(cost) > 0) await this.#turn(call, cost);
    return next(input, call);
  }

  update(limits: RateLimits): void {
    const toWindow = 'limit' in limits || 'windowMs' in limits;
    const toBucket = 'perSecond' in limits || 'burst' in limits;
    const { perSecond, burst, ...windowOnly } = this.#limits;
    const { limit, windowMs, ...bucketOnly } = this.#limits;
    const merged: RateLimits = { ...(toWindow ? windowOnly : toBucket ? bucketOnly : this.#limits), ...limits };
    const meter = meterOf(merged);
    this.#limits = merged;
    if (toWindow || toBucket) this.#meter = meter;
    this.#wake();
  }

  snapshot(): RateLimiterSnapshot {
    const left = this.#meter.left(this.#options.clock.monotonicMs());
    return { name: this.name, left, waiting: this.#line.length };
  }

  close(): void {
    this.#closed = true;
    this.#line.empty(closedError(this.name));
    this.#wake();
  }

  async #turn(call: Call, cost: number): Promise<void> {
    if (this.#closed) throw closedError(this.name);
    const { queue = 0, waitMs = 1_000 } = this.#limits;
    const soonestMs = this.#meter.waitMs(this.#options.clock.monotonicMs(), cost);
    if (this.#line.length >= queue || soonestMs > waitMs) throw this.#limited(call, soonestMs);
    const turn = this.#line.join(call, waitMs, cost);
    this.#options.observe?.({ kind: 'rate-queued', name: this.name, waiting: this.#line.length });
    this.#wake();
    if (!(await turn)) throw this.#limited(call, soonestMs);
  }

  /** Lets go whose turn it is, and comes back when it is the next one's. */
  #wake(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let cost = this.#line.firstCost; cost !== undefined; cost = this.#line.firstCost) {
      const now = clock.monotonicMs();
      const payable = Math.min(cost, this.#meter.size);
      const waitMs = this.#meter.waitMs(now, payable);
      if (waitMs > 0) {
        this.#timer = clock.after(waitMs, () => this.#wake(), { keepAlive: true });
        return;
      }
      this.#meter.take(now, payable);
      this.#line.next();
    }
  }

  #limited(call: Call, soonestMs: number): DureError {
    const retryAfterMs = Math.max(Math.ceil(soonestMs), 1);
    this.#options.observe?.({ kind: 'rate-limited', name: this.name, retryAfterMs });
    return resilienceErrors.RATE_LIMITED(
      `${nameOf(call)}: the rate limit "${this.name}" is used up; try again in ${retryAfterMs} ms`,
      { details: { name: this.name, retryAfterMs, sent: false } },
    );
  }
}

function meterOf(limits: RateLimits): RateMeter {
  const { perSecond, limit, windowMs = 1_000, queue = 0, waitMs = 1_000 } = limits;
  checkOption('rateLimiter', 'queue', queue, 0, 1_000_000);
  checkOption('rateLimiter', 'waitMs', waitMs, 0, Number.POSITIVE_INFINITY);
  if (limit === undefined) {
    const rate = perSecond ?? 50;
    return tokenBucket(rate, limits.burst ?? Math.max(rate, 1));
  }
  if (perSecond !== undefined)
    throw refuseOption('rateLimiter', 'perSecond', perSecond, 'given only without `limit`: a bucket or a window');
  return slidingWindow(limit, windowMs);
}
