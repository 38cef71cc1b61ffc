import type { Call, Clock, DureError, Handler, Layer, Operation } from '@dure/core';
import { mayRepeat } from '@dure/core';
import type { Adjustable } from './adjustable.ts';
import { adjustable } from './adjustable.ts';
import { byKey } from './by-key.ts';
import { nameOf, targetOf } from './deadline.ts';
import { DerivedSignal } from './derived-signal.ts';
import { resilienceErrors } from './errors.ts';
import { checkOption } from './options.ts';
import type { Quantile } from './quantile.ts';
import { quantile } from './quantile.ts';
import type { RetryBudget } from './retry-budget.ts';
import { verdictOf } from './verdict.ts';

/** When a hedge is sent. May change while running. */
export interface HedgeLimits {
  /** Never sooner than this, in milliseconds. Default 5. */
  readonly leastMs?: number;
  /** Never later than this, in milliseconds. Default: whenever the quantile says. */
  readonly mostMs?: number;
}

export interface HedgeOptions extends HedgeLimits {
  readonly clock: Clock;
  /** The budget of a target service: the very one that `retry` uses, so that both together stay within it. */
  readonly budget: (service: string) => RetryBudget;
  /** The quantile of the observed times after which a second attempt goes out. Default 0.95. */
  readonly quantile?: number;
  /** Answers that must have been seen of an operation before any of its calls is hedged. Default 50. */
  readonly leastAnswers?: number;
  readonly observe?: (event: HedgeEvent) => void;
}

export type HedgeEvent =
  | { readonly kind: 'hedged'; readonly operation: Operation; readonly afterMs: number }
  | { readonly kind: 'hedge-won'; readonly operation: Operation }
  | { readonly kind: 'hedge-denied'; readonly operation: Operation };

/** A layer outside the balancer, and its second half inside. */
export interface Hedge<In, Out> extends Adjustable<In, Out, HedgeLimits> {
  /** Inside the balancer: notes where the first attempt went, so that the second goes elsewhere. */
  readonly target: Layer<In, Out>;
}

/**
 * Sends a second attempt when the first takes longer than nearly all do (the observed p95 of its operation), takes the
 * first answer and cancels the other. Only for operations that may be repeated, only within the retry budget, and only
 * where the callers above still allow a retry. After "The Tail at Scale" (Dean, Barroso, 2013).
 *
 * A refusal is an answer. When one attempt fails, the other is waited for; an attempt that fails before the hedge is sent
 * is for `retry` to judge. Stand it inside `retry` and outside the balancer, and its `target` inside that.
 *
 * @example
 * const hedges = hedge<Input, Output>({ clock, budget });
 * stack(retry({ clock, random, budget }), hedges, balanced, hedges.target, timeout({ clock }))(send);
 */
export function hedge<In, Out>(options: HedgeOptions): Hedge<In, Out> {
  const { clock, budget, quantile: ratio = 0.95, leastAnswers = 50, observe, ...limits } = options;
  checkOption('hedge', 'quantile', ratio, 0.5, 0.9999);
  checkOption('hedge', 'leastAnswers', leastAnswers, 1, 1_000_000);
  const times = byKey(() => quantile(ratio, leastAnswers));
  const went: Went = new WeakMap();
  const layer = adjustable<In, Out, HedgeLimits>(limits, checkLimits, (current) => (next) => (input, call) => {
    const { operation, attempt } = call;
    const target = budget(targetOf(operation));
    if (attempt.budgetLeft === undefined) target.deposit();
    if (!mayRepeat(operation, call.idempotencyKey) || attempt.budgetLeft === 0) return next(input, call);
    const { leastMs = 5, mostMs = Number.POSITIVE_INFINITY } = current();
    const seen = times.of(`${operation.service} ${operation.name}`);
    const known = seen.value();
    const delayMs = known === undefined ? undefined : Math.min(Math.max(known, leastMs), mostMs);
    return new Race(next, input, call, { clock, budget: target, seen, observe, delayMs, went }).run();
  });
  return Object.assign(layer, { target: noting<In, Out>(went) });
}

/** Where an attempt went, by its own list of instances tried: whoever changes the call in between keeps that list. */
type Went = WeakMap<readonly string[], string>;

function noting<In, Out>(went: Went): Layer<In, Out> {
  return (next) => (input, call) => {
    const { target, tried } = call.attempt;
    if (target !== undefined) went.set(tried, target.id);
    return next(input, call);
  };
}

interface RaceOptions {
  readonly clock: Clock;
  readonly budget: RetryBudget;
  readonly seen: Quantile;
  readonly observe: HedgeOptions['observe'];
  readonly delayMs: number | undefined;
  readonly went: Went;
}

class Race<In, Out> {
  readonly #next: Handler<In, Out>;
  readonly #input: In;
  readonly #call: Call;
  readonly #options: RaceOptions;
  readonly #runners: DerivedSignal[] = [];
  readonly #outcome = Promise.withResolvers<Out>();
  #tried: readonly string[];
  #running = 0;
  #failure: { readonly error: unknown } | undefined = undefined;
  #over = false;

  constructor(next: Handler<In, Out>, input: In, call: Call, options: RaceOptions) {
    this.#next = next;
    this.#input = input;
    this.#call = call;
    this.#options = options;
    this.#tried = [...call.attempt.tried];
  }

  run(): Promise<Out> {
    const { clock, delayMs } = this.#options;
    const timer = delayMs === undefined ? undefined : clock.after(delayMs, () => this.#hedge(delayMs));
    const startedAt = clock.monotonicMs();
    void this.#start(this.#call.attempt.budgetLeft, startedAt);
    return this.#outcome.promise.finally(() => timer?.cancel());
  }

  #hedge(afterMs: number): void {
    const { budget, observe, clock } = this.#options;
    const { operation, signal } = this.#call;
    if (this.#over || signal.aborted) return;
    if (!budget.withdraw()) return void observe?.({ kind: 'hedge-denied', operation });
    observe?.({ kind: 'hedged', operation, afterMs });
    const first = this.#options.went.get(this.#tried);
    if (first !== undefined) this.#tried = [...this.#tried, first];
    void this.#start(0, clock.monotonicMs());
  }

  async #start(budgetLeft: number | undefined, startedAt: number): Promise<void> {
    const runner = new DerivedSignal(this.#call);
    const place = this.#runners.push(runner) - 1;
    const left = budgetLeft === undefined ? {} : { budgetLeft };
    const attempt = { ...this.#call.attempt, tried: this.#tried, ...left };
    this.#running += 1;
    try {
      const output = await this.#next(this.#input, this.#call.with({ attempt, signal: runner.get }));
      this.#won(place, startedAt, () => this.#outcome.resolve(output));
    } catch (error) {
      this.#running -= 1;
      if (verdictOf(error) === 'answered') this.#won(place, startedAt, () => this.#outcome.reject(error));
      else this.#lost(error);
    } finally {
      runner.release();
    }
  }

  /** What a loser took is only known to be longer than this; it counts, or the quantile would sink with each hedge. */
  #won(place: number, startedAt: number, settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    const { clock, seen, observe, delayMs = 0 } = this.#options;
    const tookMs = clock.monotonicMs() - startedAt;
    seen.record(place === 0 ? tookMs : delayMs + tookMs);
    if (place > 0) observe?.({ kind: 'hedge-won', operation: this.#call.operation });
    settle();
    if (this.#runners.length > 1) this.#runners[1 - place]?.abort(outrun(this.#call));
  }

  #lost(error: unknown): void {
    this.#failure ??= { error };
    if (this.#over || this.#running > 0) return;
    this.#over = true;
    this.#outcome.reject(this.#failure.error);
  }
}

function outrun(call: Call): DureError {
  const operation = nameOf(call);
  return resilienceErrors.CANCELLED(`${operation}: another attempt answered first`, { details: { operation } });
}

function checkLimits({ leastMs = 5, mostMs = Number.POSITIVE_INFINITY }: HedgeLimits): void {
  checkOption('hedge', 'leastMs', leastMs, 0, Number.POSITIVE_INFINITY);
  checkOption('hedge', 'mostMs', mostMs, leastMs, Number.POSITIVE_INFINITY);
}
