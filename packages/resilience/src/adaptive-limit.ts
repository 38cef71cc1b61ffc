import type { Call, Clock, DureError, Handler, Layer, Operation } from '@dure/core';
import { isDureError, isRefusal } from '@dure/core';
import { closedError } from './bulkhead.ts';
import { nameOf } from './deadline.ts';
import { resilienceErrors } from './errors.ts';
import type { LimitAlgorithm } from './limit-algorithm.ts';
import { gradientLimit } from './limit-algorithm.ts';
import type { LoopDelay } from './loop-delay.ts';
import { checkOption } from './options.ts';
import { Places } from './places.ts';

/** Between what an adaptive limit moves. All of it may change while running. */
export interface AdaptiveLimits {
  /** The lowest limit. Default 4. */
  readonly least?: number;
  /** The highest limit. Default 200. */
  readonly most?: number;
  /** Calls that may wait for their turn. Default 0: none waits. */
  readonly queue?: number;
  /** How long one may wait, in milliseconds; never longer than its deadline. Default 100. */
  readonly waitMs?: number;
  /** How late the event loop may be, in milliseconds, before the limit falls. Default 50. */
  readonly longestLoopDelayMs?: number;
}

export interface AdaptiveLimitOptions extends AdaptiveLimits {
  readonly clock: Clock;
  /** What it guards, for messages and events. */
  readonly name: string;
  /** The limit to begin with. Default 20. */
  readonly initial?: number;
  /** Default `gradientLimit()`. */
  readonly algorithm?: LimitAlgorithm;
  /** The event loop of this process, when the work is done in it: `watchLoop({ clock })`. */
  readonly loopDelay?: Pick<LoopDelay, 'delayMs'>;
  /** How long calls are looked at before the limit moves, in milliseconds; and at least ten calls. Default 500. */
  readonly windowMs?: number;
  readonly observe?: (event: AdaptiveLimitEvent) => void;
}

export type AdaptiveLimitEvent =
  | { readonly kind: 'limit-moved'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly kind: 'overloaded'; readonly name: string; readonly limit: number };

export interface AdaptiveLimitSnapshot {
  readonly name: string;
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
}

export interface AdaptiveLimit {
  readonly kind: 'adaptive-limit';
  readonly name: string;
  /** RESILIENCE_OVERLOADED when the limit is reached, RESILIENCE_SHUT_DOWN after `close`. */
  call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out>;
  layer<In, Out>(): Layer<In, Out>;
  /**
   * For what is no call yet, such as a request whose sender is still to be verified: takes `cost` places (default 1) at once,
   * or throws RESILIENCE_OVERLOADED, or RESILIENCE_SHUT_DOWN after `close`. What costs more than the limit goes alone.
   */
  enter(operation: Operation, cost?: number): Place;
  update(limits: AdaptiveLimits): void;
  snapshot(): AdaptiveLimitSnapshot;
  /** Refuses what waits and what comes; what is under way goes on. Idempotent. */
  close(): void;
}

/** Places that were taken. */
export interface Place {
  /**
   * Gives them back; the first time counts. The limit learns from what was `answered` how long it takes and from what was
   * `dropped` that there was too much, from what went `unmeasured` (streams, mistakes) nothing.
   */
  leave(how: 'answered' | 'dropped' | 'unmeasured'): void;
}

const leastSamples = 10;
const backOff = 0.9;

/** The share of the way back to where it began that a limit goes in a window in which nothing pressed against it. */
const calmStep = 0.1;

/**
 * A concurrency limit that finds itself: it rises while answers stay fast and falls when they become slower, are dropped,
 * or when the event loop is late. What is beyond it is refused at once, which costs less than to answer too late. A limit
 * of which not half was in use does not fall, for it was not what pressed, and one that had fallen comes back.
 * Like a bulkhead, stand it inside `timeout`: a place is held until the work has really ended.
 *
 * @example
 * const limit = adaptiveLimit({ clock, name: 'api', loopDelay: watchLoop({ clock }) });
 * const handle = limit.layer<Request, Response>()(answer);
 */
export function adaptiveLimit(options: AdaptiveLimitOptions): AdaptiveLimit {
  return new MovingLimit(options);
}

class MovingLimit implements AdaptiveLimit {
  readonly kind = 'adaptive-limit';
  readonly name: string;
  readonly #options: AdaptiveLimitOptions;
  readonly #algorithm: LimitAlgorithm;
  readonly #places: Places;
  readonly #windowMs: number;
  readonly #initial: number;
  #limits: Required<AdaptiveLimits>;
  #limit: number;
  #beganAt: number;
  #samples = 0;
  #sumMs = 0;
  #peak = 0;
  #dropped = false;

  constructor(options: AdaptiveLimitOptions) {
    this.#limits = adaptiveLimits(options);
    const { least, most, queue, waitMs } = this.#limits;
    const { initial = Math.min(Math.max(20, least), most), windowMs = 500 } = options;
    checkOption('adaptiveLimit', 'initial', initial, least, most);
    checkOption('adaptiveLimit', 'windowMs', windowMs, 1, 3_600_000);
    this.name = options.name;
    this.#options = options;
    this.#algorithm = options.algorithm ?? gradientLimit();
    this.#windowMs = windowMs;
    this.#initial = initial;
    this.#limit = initial;
    this.#places = new Places(options.clock, Math.floor(initial), queue, waitMs);
    this.#beganAt = options.clock.monotonicMs();
  }

  layer<In, Out>(): Layer<In, Out> {
    return (next) => (input, call) => this.call(next, input, call);
  }

  async call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out> {
    const places = this.#places;
    if (!places.enter()) {
      const outcome = await places.wait(call, () => undefined);
      if (outcome !== 'entered') throw this.#overloaded(call.operation);
    }
    const startedAt = this.#begin();
    try {
      const output = await next(input, call);
      this.#sample(startedAt, false);
      return output;
    } catch (error) {
      if (isRefusal(error)) this.#sample(startedAt, false);
      else if (isDrop(error)) this.#sample(startedAt, true);
      throw error;
    } finally {
      places.leave();
    }
  }

  enter(operation: Operation, cost = 1): Place {
    const places = this.#places;
    if (!places.enter(cost)) throw places.closedBy ?? this.#overloaded(operation);
    const startedAt = this.#begin();
    let isOver = false;
    return {
      leave: (how) => {
        if (isOver) return;
        isOver = true;
        if (how !== 'unmeasured') this.#sample(startedAt, how === 'dropped', cost);
        places.leave(cost);
      },
    };
  }

  update(limits: AdaptiveLimits): void {
    this.#limits = adaptiveLimits({ ...this.#limits, ...limits });
    this.#places.queue = this.#limits.queue;
    this.#places.waitMs = this.#limits.waitMs;
    this.#move(this.#limit);
  }

  snapshot(): AdaptiveLimitSnapshot {
    const { most: limit, running, waiting } = this.#places;
    return { name: this.name, limit, running, waiting };
  }

  close(): void {
    this.#places.close(closedError(this.name));
  }

  #begin(): number {
    if (this.#places.running > this.#peak) this.#peak = this.#places.running;
    return this.#options.clock.monotonicMs();
  }

  /** Only calls that began in the window count, so that a window shows its own limit and not the one before. */
  #sample(startedAt: number, dropped: boolean, cost = 1): void {
    const now = this.#options.clock.monotonicMs();
    if (dropped) this.#dropped = true;
    else if (startedAt < this.#beganAt) return;
    this.#samples += 1;
    this.#sumMs += now - startedAt;
    if (this.#samples >= leastSamples && now - this.#beganAt >= this.#windowMs) this.#turn(now, cost);
  }

  #turn(now: number, leaving: number): void {
    const { loopDelay } = this.#options;
    const windows = (now - this.#beganAt) / this.#windowMs;
    const sample = {
      limit: this.#limit,
      inFlight: this.#peak,
      rttMs: this.#sumMs / this.#samples,
      dropped: this.#dropped,
    };
    this.#beganAt = now;
    this.#samples = 0;
    this.#sumMs = 0;
    this.#peak = this.#places.running - leaving;
    this.#dropped = false;
    const isLate = loopDelay !== undefined && loopDelay.delayMs() > this.#limits.longestLoopDelayMs;
    const wanted = this.#algorithm(sample);
    if (sample.inFlight * 2 < sample.limit)
      this.#move(Math.max(wanted, this.#calmed(isLate || sample.dropped ? 0 : windows)));
    else this.#move(isLate ? Math.min(wanted, sample.limit * backOff) : wanted);
  }

  /** Nobody knows whether it still has to be as low as it is, once that many windows have passed without pressure. */
  #calmed(windows: number): number {
    return this.#limit + Math.max(this.#initial - this.#limit, 0) * (1 - (1 - calmStep) ** windows);
  }

  #move(wanted: number): void {
    const { least, most } = this.#limits;
    const from = this.#places.most;
    this.#limit = Math.min(Math.max(wanted, least), most);
    const to = Math.floor(this.#limit);
    if (to === from) return;
    this.#places.most = to;
    this.#options.observe?.({ kind: 'limit-moved', name: this.name, from, to });
    this.#places.admit();
  }

  #overloaded(operation: Operation): DureError {
    const { most: limit, running } = this.#places;
    this.#options.observe?.({ kind: 'overloaded', name: this.name, limit });
    return resilienceErrors.OVERLOADED(
      `${nameOf({ operation })}: "${this.name}" bears ${limit} calls at once at the moment, and ${running} are under way`,
      { details: { name: this.name, limit, running, sent: false } },
    );
  }
}

/** Errors that speak of too much load behind. */
function isDrop(error: unknown): boolean {
  return isDureError(error) && (error.kind === 'timeout' || error.kind === 'unavailable' || error.kind === 'limited');
}

function adaptiveLimits(limits: AdaptiveLimits): Required<AdaptiveLimits> {
  const { least = 4, most = 200, queue = 0, waitMs = 100, longestLoopDelayMs = 50 } = limits;
  checkOption('adaptiveLimit', 'least', least, 1, 1_000_000);
  checkOption('adaptiveLimit', 'most', most, least, 1_000_000);
  checkOption('adaptiveLimit', 'queue', queue, 0, 1_000_000);
  checkOption('adaptiveLimit', 'waitMs', waitMs, 0, Number.POSITIVE_INFINITY);
  checkOption('adaptiveLimit', 'longestLoopDelayMs', longestLoopDelayMs, 1, 60_000);
  return { least, most, queue, waitMs, longestLoopDelayMs };
}
