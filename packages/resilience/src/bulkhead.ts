import type { Call, Clock, DureError, Handler, Layer } from '@dure/core';
import { nameOf } from './deadline.ts';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';
import { Places } from './places.ts';

/** How much a bulkhead lets in. All of it may change while running. */
export interface BulkheadLimits {
  /** Calls under way at once. Default 25. */
  readonly most?: number;
  /** Calls that may wait for their turn. Default 0: none waits. */
  readonly queue?: number;
  /** How long one may wait, in milliseconds; never longer than its deadline. Default 1 000. */
  readonly waitMs?: number;
}

export interface BulkheadOptions extends BulkheadLimits {
  readonly clock: Clock;
  /** What it guards, for messages and events. */
  readonly name: string;
  readonly observe?: (event: BulkheadEvent) => void;
}

export type BulkheadEvent =
  | { readonly kind: 'bulkhead-full'; readonly name: string; readonly why: 'queue' | 'wait' }
  | { readonly kind: 'bulkhead-queued'; readonly name: string; readonly waiting: number };

export interface BulkheadSnapshot {
  readonly name: string;
  readonly running: number;
  readonly waiting: number;
  readonly most: number;
  readonly queue: number;
}

export interface Bulkhead {
  readonly kind: 'bulkhead';
  readonly name: string;
  /** RESILIENCE_BULKHEAD_FULL when there is no room, RESILIENCE_SHUT_DOWN after `close`. */
  call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out>;
  layer<In, Out>(): Layer<In, Out>;
  /** Fewer places do not end what is under way; more let those that wait go on at once. */
  update(limits: BulkheadLimits): void;
  snapshot(): BulkheadSnapshot;
  /** Refuses what waits and what comes; what is under way goes on. Idempotent. */
  close(): void;
}

/**
 * Bounds how many calls are under way at once, so that one slow dependency cannot take everything. A place is held until
 * the work has really ended: **stand it inside `timeout`**, so that a call that is no longer waited for, but still works,
 * keeps its place. (Freeing it at the timeout lets a capacity of 5 reach 50; opossum does.)
 *
 * Those that wait go in order of arrival, leave at once when their caller does, and share one timer.
 *
 * @example
 * stack(timeout({ clock }), bulkhead({ clock, name: 'reports', most: 4, queue: 16 }).layer())(makeReport)
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  return new CountingBulkhead(options);
}

class CountingBulkhead implements Bulkhead {
  readonly kind = 'bulkhead';
  readonly name: string;
  readonly #places: Places;
  readonly #observe: BulkheadOptions['observe'];

  constructor(options: BulkheadOptions) {
    const { most, queue, waitMs } = bulkheadLimits(options);
    this.name = options.name;
    this.#observe = options.observe;
    this.#places = new Places(options.clock, most, queue, waitMs);
  }

  layer<In, Out>(): Layer<In, Out> {
    return (next) => (input, call) => this.call(next, input, call);
  }

  async call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out> {
    if (!this.#places.enter()) await this.#turn(call);
    try {
      return await next(input, call);
    } finally {
      this.#places.leave();
    }
  }

  update(limits: BulkheadLimits): void {
    const { most, queue, waitMs } = this.#places;
    Object.assign(this.#places, bulkheadLimits({ most, queue, waitMs, ...limits }));
    this.#places.admit();
  }

  snapshot(): BulkheadSnapshot {
    const { running, waiting, most, queue } = this.#places;
    return { name: this.name, running, waiting, most, queue };
  }

  close(): void {
    this.#places.close(closedError(this.name));
  }

  async #turn(call: Call): Promise<void> {
    const places = this.#places;
    const outcome = await places.wait(call, () =>
      this.#observe?.({ kind: 'bulkhead-queued', name: this.name, waiting: places.waiting }),
    );
    if (outcome !== 'entered') throw this.#full(call, outcome);
  }

  #full(call: Call, why: 'queue' | 'wait'): DureError {
    const { most, queue, waitMs } = this.#places;
    this.#observe?.({ kind: 'bulkhead-full', name: this.name, why });
    const reason = why === 'wait' ? `no place became free within ${waitMs} ms` : `${queue} more may wait, and do`;
    const said = queue === 0 ? 'none may wait' : reason;
    return resilienceErrors.BULKHEAD_FULL(
      `${nameOf(call)}: the bulkhead "${this.name}" has its ${most} calls under way; ${said}`,
      { details: { name: this.name, most, queue, sent: false } },
    );
  }
}

/** The error of a call to a part that has been closed. */
export function closedError(name: string): DureError {
  return resilienceErrors.SHUT_DOWN(`"${name}" is closed: it takes no more calls`, { details: { name, sent: false } });
}

function bulkheadLimits(limits: BulkheadLimits): Required<BulkheadLimits> {
  const { most = 25, queue = 0, waitMs = 1_000 } = limits;
  checkOption('bulkhead', 'most', most, 1, 1_000_000);
  checkOption('bulkhead', 'queue', queue, 0, 1_000_000);
  checkOption('bulkhead', 'waitMs', waitMs, 0, Number.POSITIVE_INFINITY);
  return { most, queue, waitMs };
}
