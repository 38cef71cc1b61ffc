import type { Clock, DureError, ErrorKind, Layer } from '@dure/core';
import { isDureError, isRefusal } from '@dure/core';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';

export interface CircuitBreakerOptions {
  readonly clock: Clock;
  /** What it guards, for messages and events: `inventory.reserve@inventory:0193…`. */
  readonly name: string;
  /** How many outcomes are looked at: the last ones. Default 50. */
  readonly window?: number;
  /** Outcomes needed before the ratio means anything, at most `window`. Default 10. */
  readonly minimumCalls?: number;
  /** The share of failures, 0 to 1, at which it opens. Default 0.5. */
  readonly failureRatio?: number;
  /** How long it stays open at first, in milliseconds; doubles with each failed probe. Default 2 000. */
  readonly openMs?: number;
  /** The longest it stays open, in milliseconds. Default 30 000. */
  readonly longestOpenMs?: number;
  /** Probes let through when half-open; they decide. Default 3. */
  readonly halfOpenCalls?: number;
  /** How long probes may take before they count as failed, in milliseconds. Default 10 000. */
  readonly halfOpenMs?: number;
  readonly observe?: (event: BreakerEvent) => void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export type BreakerEvent =
  | { readonly kind: 'opened'; readonly name: string; readonly failureRatio: number; readonly openMs: number }
  | { readonly kind: 'half-opened'; readonly name: string }
  | { readonly kind: 'closed'; readonly name: string }
  | { readonly kind: 'rejected'; readonly name: string };

/** What a call says about the health of what was called. */
export type Verdict = 'success' | 'failure' | 'answered' | 'nothing';

export interface CircuitBreaker {
  readonly name: string;
  readonly state: BreakerState;
  /** Whether a call would be let through now; changes nothing. For a balancer that avoids open instances. */
  readonly permits: boolean;
  /** Asks for a permit: the number to report the outcome with, or undefined when calls must fail fast. */
  acquire(): number | undefined;
  /** Reports the outcome of a permitted call; one of an earlier state changes nothing. */
  report(permit: number, verdict: Verdict): void;
  /** Guards a handler. RESILIENCE_BREAKER_OPEN when calls must fail fast. */
  layer<In, Out>(): Layer<In, Out>;
}

/**
 * Stops calling what keeps failing, and probes it from time to time. Semantics after Resilience4j's count window, with
 * two holes closed: every permit carries the epoch in which it was given, so that a late answer to an old call says
 * nothing about a new state; and probes that never come back end the half-open state.
 *
 * Refusals and the caller's own mistakes count nothing while closed; for a probe they are a sign of life. All steps are
 * O(1).
 *
 * @example
 * const breaker = circuitBreaker({ clock, name: 'inventory' });
 * const guarded = breaker.layer<Input, Output>()(send);
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new CountingBreaker(options);
}

class CountingBreaker implements CircuitBreaker {
  readonly name: string;
  readonly #clock: Clock;
  readonly #observe: CircuitBreakerOptions['observe'];
  readonly #minimumCalls: number;
  readonly #failureRatio: number;
  readonly #openMs: number;
  readonly #longestOpenMs: number;
  readonly #halfOpenCalls: number;
  readonly #halfOpenMs: number;
  readonly #outcomes: Uint8Array;
  #next = 0;
  #calls = 0;
  #failures = 0;
  #state: BreakerState = 'closed';
  #epoch = 0;
  #probesOut = 0;
  #openings = 0;
  /** Open: when the probes begin. Half-open: when the last of them must have answered. On the monotonic scale. */
  #until = 0;

  constructor(options: CircuitBreakerOptions) {
    const { window = 50, minimumCalls = Math.min(10, window), failureRatio = 0.5, openMs = 2_000 } = options;
    checkOption('circuitBreaker', 'window', window, 1, 100_000);
    checkOption('circuitBreaker', 'minimumCalls', minimumCalls, 1, window);
    checkOption('circuitBreaker', 'failureRatio', failureRatio, Number.MIN_VALUE, 1);
    checkOption('circuitBreaker', 'openMs', openMs, 1, Number.POSITIVE_INFINITY);
    this.name = options.name;
    this.#clock = options.clock;
    this.#observe = options.observe;
    this.#minimumCalls = minimumCalls;
    this.#failureRatio = failureRatio;
    this.#openMs = openMs;
    this.#longestOpenMs = options.longestOpenMs ?? Math.max(30_000, openMs);
    this.#halfOpenCalls = options.halfOpenCalls ?? 3;
    this.#halfOpenMs = options.halfOpenMs ?? 10_000;
    checkOption('circuitBreaker', 'longestOpenMs', this.#longestOpenMs, openMs, Number.POSITIVE_INFINITY);
    checkOption('circuitBreaker', 'halfOpenCalls', this.#halfOpenCalls, 1, 100_000);
    checkOption('circuitBreaker', 'halfOpenMs', this.#halfOpenMs, 1, Number.POSITIVE_INFINITY);
    this.#outcomes = new Uint8Array(window);
  }

  get state(): BreakerState {
    return this.#state;
  }

  get permits(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'open') return this.#clock.monotonicMs() >= this.#until;
    return this.#probesOut + this.#calls < this.#halfOpenCalls;
  }

  acquire(): number | undefined {
    if (this.#state === 'closed') return this.#epoch;
    const now = this.#clock.monotonicMs();
    if (this.#state === 'open' && now >= this.#until) this.#halfOpen();
    if (this.#state === 'half-open') {
      if (this.#probesOut + this.#calls < this.#halfOpenCalls) {
        this.#probesOut += 1;
        this.#until = now + this.#halfOpenMs;
        return this.#epoch;
      }
      if (now >= this.#until) this.#open(now, 1);
    }
    this.#observe?.({ kind: 'rejected', name: this.name });
    return undefined;
  }

  report(permit: number, verdict: Verdict): void {
    if (permit !== this.#epoch) return;
    if (this.#state === 'closed') {
      if (verdict === 'success' || verdict === 'failure') this.#record(verdict === 'failure');
    } else if (this.#state === 'half-open') {
      this.#probesOut -= 1;
      if (verdict !== 'nothing') this.#probed(verdict === 'failure');
    }
  }

  layer<In, Out>(): Layer<In, Out> {
    return (next) => async (input, call) => {
      const permit = this.acquire();
      if (permit === undefined) throw this.#refused(call.attempt.target?.id);
      try {
        const output = await next(input, call);
        this.report(permit, 'success');
        return output;
      } catch (error) {
        this.report(permit, call.signal.aborted ? 'nothing' : verdictOf(error));
        throw error;
      }
    };
  }

  #record(failed: boolean): void {
    const oldest = this.#outcomes[this.#next];
    if (this.#calls === this.#outcomes.length) this.#failures -= oldest ?? 0;
    else this.#calls += 1;
    this.#outcomes[this.#next] = failed ? 1 : 0;
    this.#next = (this.#next + 1) % this.#outcomes.length;
    if (!failed) return;
    this.#failures += 1;
    const ratio = this.#failures / this.#calls;
    if (this.#calls >= this.#minimumCalls && ratio >= this.#failureRatio) this.#open(this.#clock.monotonicMs(), ratio);
  }

  #probed(failed: boolean): void {
    this.#calls += 1;
    if (failed) this.#failures += 1;
    const ratio = this.#failures / this.#halfOpenCalls;
    if (ratio >= this.#failureRatio) this.#open(this.#clock.monotonicMs(), ratio);
    else if (this.#calls === this.#halfOpenCalls) this.#close();
  }

  #open(now: number, failureRatio: number): void {
    const openMs = Math.min(this.#openMs * 2 ** this.#openings, this.#longestOpenMs);
    this.#openings += 1;
    this.#enter('open', now + openMs);
    this.#observe?.({ kind: 'opened', name: this.name, failureRatio, openMs });
  }

  #halfOpen(): void {
    this.#enter('half-open', 0);
    this.#observe?.({ kind: 'half-opened', name: this.name });
  }

  #close(): void {
    this.#openings = 0;
    this.#enter('closed', 0);
    this.#observe?.({ kind: 'closed', name: this.name });
  }

  #enter(state: BreakerState, until: number): void {
    this.#state = state;
    this.#until = until;
    this.#epoch += 1;
    this.#calls = 0;
    this.#failures = 0;
    this.#next = 0;
    this.#probesOut = 0;
  }

  #refused(instance: string | undefined): DureError {
    const leftMs = Math.max(Math.ceil(this.#until - this.#clock.monotonicMs()), 0);
    const when = this.#state === 'open' ? `it tries again in ${leftMs} ms` : 'its probes are under way';
    return resilienceErrors.BREAKER_OPEN(`the circuit breaker of "${this.name}" is ${this.#state}; ${when}`, {
      details: { name: this.name, state: this.#state, sent: false, ...(instance === undefined ? {} : { instance }) },
    });
  }
}

const verdicts: Readonly<Record<ErrorKind, Verdict>> = {
  unavailable: 'failure',
  upstream: 'failure',
  timeout: 'failure',
  internal: 'failure',
  cancelled: 'nothing',
  limited: 'nothing',
  invalid: 'answered',
  unauthenticated: 'answered',
  forbidden: 'answered',
  missing: 'answered',
  method: 'answered',
  conflict: 'answered',
  unprocessable: 'answered',
  'too-large': 'answered',
  'media-type': 'answered',
};

/** What an error says about the health of what was called: the one table. */
export function verdictOf(error: unknown): Verdict {
  if (isRefusal(error)) return 'answered';
  return isDureError(error) ? verdicts[error.kind] : 'failure';
}
