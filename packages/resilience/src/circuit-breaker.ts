import type { Call, Clock, DureError, Handler, Layer } from '@dure/core';
import type { BreakerEvent, BreakerSnapshot, BreakerState, BreakerSwitch } from './breaker-events.ts';
import type { BreakerLimits, BreakerSettings } from './breaker-limits.ts';
import { breakerSettings } from './breaker-limits.ts';
import { resilienceErrors } from './errors.ts';
import type { OutcomeWindow } from './outcome-window.ts';
import { countWindow, failedBit, slowBit } from './outcome-window.ts';
import type { Verdict } from './verdict.ts';
import { verdictOfEnded } from './verdict.ts';

export interface CircuitBreakerOptions extends BreakerLimits {
  readonly clock: Clock;
  /** What it guards, for messages and events: `inventory.reserve@inventory:0193…`. */
  readonly name: string;
  /** Errors that say nothing: the permit is given back and nothing counts. Default: none but those of `verdictOf`. */
  readonly ignored?: (error: unknown) => boolean;
  /** Which errors are failures; the others count as successes. Default: `verdictOf` decides. */
  readonly recorded?: (error: unknown) => boolean;
  /** Which outputs are failures although nothing was thrown. Default: none. */
  readonly failedOutput?: (output: unknown) => boolean;
  readonly observe?: (event: BreakerEvent) => void;
}

export interface CircuitBreaker {
  readonly kind: 'circuit-breaker';
  readonly name: string;
  readonly state: BreakerState;
  /**
   * Whether asking gets somewhere now; changes nothing. For a balancer that avoids open instances. True when a call would be
   * let through, and when the time of lost probes is over: the next call is refused then, but opens the breaker anew.
   */
  readonly permits: boolean;
  /** How long it stays open yet, in milliseconds; undefined while it is not open, or open until somebody switches it. */
  readonly openForMs: number | undefined;
  /** Asks for a permit: the number to report the outcome with, or undefined when calls must fail fast. */
  acquire(): number | undefined;
  /** Reports the outcome of a permitted call, once; one of an earlier state changes nothing. */
  report(permit: number, verdict: Verdict, durationMs?: number): void;
  /** Calls a handler under guard. RESILIENCE_BREAKER_OPEN when calls must fail fast. */
  call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out>;
  /** The same as a layer. */
  layer<In, Out>(): Layer<In, Out>;
  /** Brings a state about by hand; `closed` begins afresh. */
  switchTo(state: BreakerSwitch): void;
  /** Changes limits while running; outcomes are kept unless the window itself changes. */
  update(limits: BreakerLimits): void;
  snapshot(): BreakerSnapshot;
}

/**
 * Stops calling what keeps failing or is slow, and probes it from time to time. Semantics after Resilience4j, with two
 * holes closed: every permit carries the epoch in which it was given, so that a late answer to an old call says nothing
 * about a new state; and probes that never come back, or whose caller leaves, do not keep the breaker half-open. Two
 * departures: probes decide as soon as the verdict is certain; and refusals and the caller's own mistakes count nothing
 * while closed, but are a sign of life from a probe.
 *
 * Each step is O(1), whatever the window, and nothing is retained per call.
 *
 * @example
 * const breaker = circuitBreaker({ clock, name: 'inventory', slowCallMs: 500 });
 * const guarded = breaker.layer<Input, Output>()(send);
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new WindowBreaker(options);
}

class WindowBreaker implements CircuitBreaker {
  readonly kind = 'circuit-breaker';
  readonly name: string;
  readonly #clock: Clock;
  readonly #options: CircuitBreakerOptions;
  #limits: BreakerLimits;
  #settings: BreakerSettings;
  #window: OutcomeWindow;
  #probes: OutcomeWindow;
  #state: BreakerState = 'closed';
  #epoch = 0;
  #probesOut = 0;
  #openings = 0;
  #rejected = 0;
  #told = 0;
  /** Open: when the probes begin. Half-open: when the last of them must have answered. On the monotonic scale. */
  #until = 0;

  constructor(options: CircuitBreakerOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#options = options;
    this.#limits = options;
    this.#settings = breakerSettings(options);
    this.#window = this.#settings.newWindow();
    this.#probes = countWindow(this.#settings.halfOpenCalls);
  }

  get state(): BreakerState {
    return this.#state;
  }

  get permits(): boolean {
    const state = this.#state;
    if (state !== 'open' && state !== 'half-open') return state !== 'forced-open';
    const hasPlace = state === 'half-open' && this.#probesOut + this.#probes.calls < this.#settings.halfOpenCalls;
    return hasPlace || this.#clock.monotonicMs() >= this.#until;
  }

  get openForMs(): number | undefined {
    const leftMs = Math.max(Math.ceil(this.#until - this.#clock.monotonicMs()), 0);
    return this.#state === 'open' && Number.isFinite(leftMs) ? leftMs : undefined;
  }

  acquire(): number | undefined {
    const state = this.#state;
    if (state === 'closed' || state === 'disabled' || state === 'metrics-only') return this.#epoch;
    if (state !== 'forced-open') {
      const now = this.#clock.monotonicMs();
      if (state === 'open' && now >= this.#until) this.#halfOpen();
      if (this.#state === 'half-open') {
        if (this.#probesOut + this.#probes.calls < this.#settings.halfOpenCalls) {
          this.#probesOut += 1;
          this.#until = now + this.#settings.halfOpenMs;
          return this.#epoch;
        }
        if (now >= this.#until) this.#open(now);
      }
    }
    this.#rejected += 1;
    this.#options.observe?.({ kind: 'rejected', name: this.name });
    return undefined;
  }

  report(permit: number, verdict: Verdict, durationMs = 0): void {
    this.#report(permit, verdict, durationMs, this.#settings.timesOutcomes ? this.#clock.monotonicMs() : 0);
  }

  layer<In, Out>(): Layer<In, Out> {
    return (next) => (input, call) => this.call(next, input, call);
  }

  async call<In, Out>(next: Handler<In, Out>, input: In, call: Call): Promise<Out> {
    const permit = this.acquire();
    if (permit === undefined) throw this.#refused(call.attempt.target?.id);
    if (this.#state === 'half-open') return this.#probe(next, input, call, permit);
    const startedAt = this.#time();
    let output: Out;
    try {
      output = await next(input, call);
    } catch (error) {
      this.#fail(permit, error, call, startedAt);
      throw error;
    }
    this.#succeed(permit, output, startedAt);
    return output;
  }

  switchTo(state: BreakerSwitch): void {
    const from = this.#state;
    this.#openings = 0;
    if (state === 'open') {
      this.#open(this.#clock.monotonicMs());
      return;
    }
    this.#enter(state, 0);
    this.#options.observe?.(
      state === 'closed'
        ? { kind: 'closed', name: this.name, from }
        : { kind: 'switched', name: this.name, from, to: state },
    );
  }

  update(limits: BreakerLimits): void {
    const { window: oldCount, windowMs: oldTime, ...kept } = this.#limits;
    const shape = limits.window === undefined && limits.windowMs === undefined ? pickWindow(oldCount, oldTime) : {};
    const merged = { ...kept, ...shape, ...limits };
    const settings = breakerSettings(merged);
    const before = this.#settings;
    this.#limits = merged;
    this.#settings = settings;
    if (settings.windowKey !== before.windowKey) this.#window = settings.newWindow();
    if (settings.halfOpenCalls !== before.halfOpenCalls) {
      this.#probes = countWindow(settings.halfOpenCalls);
      if (this.#state === 'half-open') this.#enter('half-open', 0);
    }
  }

  snapshot(): BreakerSnapshot {
    const { minimumCalls, halfOpenCalls, failureRatio, slowRatio } = this.#settings;
    const probing = this.#state === 'half-open';
    const seen = probing ? this.#probes : this.#window;
    if (!probing && this.#state !== 'open') seen.expire(this.#clock.monotonicMs());
    const known = seen.calls >= (probing ? halfOpenCalls : minimumCalls);
    return {
      name: this.name,
      state: this.#state,
      failureRatio: known ? seen.failed / seen.calls : undefined,
      slowRatio: known ? seen.slow / seen.calls : undefined,
      failureLimit: failureRatio,
      slowLimit: slowRatio,
      calls: seen.calls,
      failed: seen.failed,
      slow: seen.slow,
      slowFailed: seen.slowFailed,
      rejected: this.#rejected,
    };
  }

  /** A probe gives its permit back as soon as its caller has gone, whether or not what it called obeys the signal. */
  async #probe<In, Out>(next: Handler<In, Out>, input: In, call: Call, permit: number): Promise<Out> {
    const startedAt = this.#time();
    let out = true;
    const left = () => {
      if (!out) return;
      out = false;
      const now = this.#time();
      this.#report(permit, verdictOfEnded(undefined, call.signal), now - startedAt, now);
    };
    call.signal.addEventListener('abort', left, { once: true });
    try {
      const output = await next(input, call);
      if (out) {
        out = false;
        this.#succeed(permit, output, startedAt);
      }
      return output;
    } catch (error) {
      if (out) {
        out = false;
        this.#fail(permit, error, call, startedAt);
      }
      throw error;
    } finally {
      call.signal.removeEventListener('abort', left);
    }
  }

  #succeed(permit: number, output: unknown, startedAt: number): void {
    const now = this.#time();
    const { failedOutput, observe } = this.#options;
    const failed = failedOutput !== undefined && this.#asked(permit, failedOutput, output);
    this.#report(permit, failed ? 'failure' : 'success', now - startedAt, now);
    if (failed) observe?.({ kind: 'failed', name: this.name, durationMs: now - startedAt });
  }

  #fail(permit: number, error: unknown, call: Call, startedAt: number): void {
    const { ignored, recorded, observe } = this.#options;
    const now = this.#time();
    if (ignored !== undefined && this.#asked(permit, ignored, error)) {
      this.#report(permit, 'nothing', 0, now);
      observe?.({ kind: 'ignored', name: this.name, error });
      return;
    }
    const verdict =
      recorded === undefined || call.signal.aborted
        ? verdictOfEnded(error, call.signal)
        : this.#asked(permit, recorded, error)
          ? 'failure'
          : 'success';
    this.#report(permit, verdict, now - startedAt, now);
    if (verdict === 'failure') observe?.({ kind: 'failed', name: this.name, durationMs: now - startedAt, error });
  }

  /** A predicate that throws must not cost a permit. */
  #asked(permit: number, predicate: (value: unknown) => boolean, value: unknown): boolean {
    try {
      return predicate(value);
    } catch (defect) {
      this.report(permit, 'nothing');
      throw defect;
    }
  }

  /** The time, where somebody needs it: it costs more than all the rest of a step. */
  #time(): number {
    return this.#settings.timesCalls ? this.#clock.monotonicMs() : 0;
  }

  #report(permit: number, verdict: Verdict, durationMs: number, now: number): void {
    if (permit !== this.#epoch || this.#state === 'disabled') return;
    if (this.#state === 'half-open') {
      this.#probesOut -= 1;
      if (verdict !== 'nothing') this.#probed(this.#bits(verdict, durationMs));
    } else if (verdict === 'success' || verdict === 'failure') this.#record(this.#bits(verdict, durationMs), now);
  }

  #bits(verdict: Verdict, durationMs: number): number {
    return (verdict === 'failure' ? failedBit : 0) | (durationMs > this.#settings.slowCallMs ? slowBit : 0);
  }

  #record(bits: number, now: number): void {
    const { minimumCalls, failureRatio, slowRatio } = this.#settings;
    const window = this.#window;
    window.add(bits, now);
    if (window.calls < minimumCalls || (window.failed === 0 && window.slow === 0)) return;
    const failing = window.failed / window.calls >= failureRatio;
    const slow = window.slow / window.calls >= slowRatio;
    if (!failing && !slow) return;
    if (this.#state === 'closed') this.#open(this.#clock.monotonicMs());
    else this.#exceeded(failing, slow);
  }

  /** Metrics only: said once for each of the two, until the state changes. */
  #exceeded(failing: boolean, slow: boolean): void {
    const { calls, failed, slow: slowCalls } = this.#window;
    const news = ((failing ? failedBit : 0) | (slow ? slowBit : 0)) & ~this.#told;
    this.#told |= news;
    const tell = (what: 'failures' | 'slow calls', ratio: number) =>
      this.#options.observe?.({ kind: 'exceeded', name: this.name, what, ratio });
    if ((news & failedBit) !== 0) tell('failures', failed / calls);
    if ((news & slowBit) !== 0) tell('slow calls', slowCalls / calls);
  }

  #probed(bits: number): void {
    const { halfOpenCalls, failureRatio, slowRatio } = this.#settings;
    const probes = this.#probes;
    probes.add(bits, 0);
    const bad = probes.failed / halfOpenCalls >= failureRatio || probes.slow / halfOpenCalls >= slowRatio;
    if (bad) this.#open(this.#clock.monotonicMs());
    else if (probes.calls === halfOpenCalls) this.#close();
  }

  #open(now: number): void {
    const from = this.#state;
    const seen = from === 'half-open' ? this.#probes : this.#window;
    const calls = Math.max(seen.calls, 1);
    const lost = from === 'half-open' && this.#probesOut > 0 && seen.failed === 0 && seen.slow === 0;
    const failureRatio = lost ? 1 : seen.failed / calls;
    this.#openings += 1;
    const openMs = this.#settings.openMsFor(this.#openings);
    this.#enter('open', now + openMs);
    this.#options.observe?.({
      kind: 'opened',
      name: this.name,
      from,
      failureRatio,
      slowRatio: seen.slow / calls,
      openMs,
    });
  }

  #halfOpen(): void {
    this.#enter('half-open', 0);
    this.#options.observe?.({ kind: 'half-opened', name: this.name });
  }

  #close(): void {
    this.#openings = 0;
    this.#enter('closed', 0);
    this.#options.observe?.({ kind: 'closed', name: this.name, from: 'half-open' });
  }

  /** The window is kept while open, so that one can see what opened it. */
  #enter(state: BreakerState, until: number): void {
    if (state !== 'open') this.#window.clear();
    this.#state = state;
    this.#until = until;
    this.#epoch += 1;
    this.#rejected = 0;
    this.#told = 0;
    this.#probesOut = 0;
    if (state === 'half-open') this.#probes.clear();
  }

  #refused(instance: string | undefined): DureError {
    const { openForMs } = this;
    const state = this.#state;
    const when =
      state === 'forced-open'
        ? 'somebody switched it so, and must switch it back'
        : state === 'open'
          ? openForMs === undefined
            ? 'for good'
            : `it tries again in ${openForMs} ms`
          : 'its probes are under way';
    return resilienceErrors.BREAKER_OPEN(`the circuit breaker of "${this.name}" is ${state}; ${when}`, {
      details: {
        name: this.name,
        state,
        sent: false,
        ...(openForMs === undefined ? {} : { openForMs }),
        ...(instance === undefined ? {} : { instance }),
      },
    });
  }
}

function pickWindow(window: number | undefined, windowMs: number | undefined): BreakerLimits {
  if (window !== undefined) return { window };
  return windowMs === undefined ? {} : { windowMs };
}
