import type { Call, Clock, DureError } from '@dure/core';
import { timeLeftMs } from '@dure/core';
import { cancelled, deadlineExceeded } from './deadline.ts';
import type { Expiring, Sweeper } from './sweeper.ts';
import { sweeper } from './sweeper.ts';

/** Calls that wait for their turn, in order of arrival. */
export interface WaitingLine {
  readonly length: number;
  /** What the first one costs; undefined when nobody waits. */
  readonly firstCost: number | undefined;
  /**
   * Waits until `next()` lets it go: resolves true. Resolves false when it was not its turn within `waitMs`. Rejects at
   * once when its caller leaves or its deadline passes.
   */
  join(call: Call, waitMs: number, cost?: number): Promise<boolean>;
  /** Lets the first one go; false when nobody waits. */
  next(): boolean;
  /** Rejects all that wait. */
  empty(reason: DureError): void;
}

/** A line whose waits share one timer. Joining, leaving and going are O(1). */
export function waitingLine(clock: Clock, left?: () => void): WaitingLine {
  const waits = sweeper<Waiter>(clock);
  const line = new Set<Waiter>();
  const gone = (waiter: Waiter) => {
    line.delete(waiter);
    left?.();
  };
  return {
    get length() {
      return line.size;
    },
    get firstCost() {
      const [first] = line;
      return first?.cost;
    },
    join(call, waitMs, cost = 1) {
      if (call.signal.aborted) return Promise.reject(cancelled(call));
      const leftMs = timeLeftMs(call, clock);
      if (leftMs <= 0) return Promise.reject(deadlineExceeded(call, leftMs));
      return new Promise((resolve, reject) => {
        const waiter = new Waiter(call, leftMs <= waitMs, waits, gone, resolve, reject);
        waiter.cost = cost;
        waiter.endsAt = clock.monotonicMs() + Math.min(waitMs, leftMs);
        line.add(waiter);
        if (waiter.endsAt !== Number.POSITIVE_INFINITY) waits.add(waiter);
        call.signal.addEventListener('abort', waiter.abandoned, { once: true });
      });
    },
    next() {
      const [first] = line;
      if (first === undefined) return false;
      line.delete(first);
      first.end();
      first.resolve(true);
      return true;
    },
    empty(reason) {
      for (const waiter of [...line]) {
        line.delete(waiter);
        waiter.end();
        waiter.reject(reason);
      }
    },
  };
}

class Waiter implements Expiring {
  endsAt = Number.POSITIVE_INFINITY;
  cost = 1;
  readonly resolve: (turn: boolean) => void;
  readonly reject: (reason: unknown) => void;
  readonly #call: Call;
  readonly #untilDeadline: boolean;
  readonly #waits: Sweeper<Waiter>;
  readonly #gone: (waiter: Waiter) => void;

  constructor(
    call: Call,
    untilDeadline: boolean,
    waits: Sweeper<Waiter>,
    gone: (waiter: Waiter) => void,
    resolve: (turn: boolean) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = call;
    this.#untilDeadline = untilDeadline;
    this.#waits = waits;
    this.#gone = gone;
    this.resolve = resolve;
    this.reject = reject;
  }

  readonly abandoned = (): void => {
    this.end();
    this.#gone(this);
    this.reject(cancelled(this.#call));
  };

  expire(): void {
    this.end();
    this.#gone(this);
    if (this.#untilDeadline) this.reject(deadlineExceeded(this.#call, 0));
    else this.resolve(false);
  }

  end(): void {
    this.#waits.remove(this);
    this.#call.signal.removeEventListener('abort', this.abandoned);
  }
}
