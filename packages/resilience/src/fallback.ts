import type { Call, Clock, Layer, Operation } from '@dure/core';
import { isDureError } from '@dure/core';
import { checkOption } from './options.ts';
import { verdictOf } from './verdict.ts';

/** A place that an answer can come from when the operation has none. */
export interface FallbackSource<In, Out> {
  readonly kind: 'value' | 'function' | 'last-good';
  /** Is told of each good answer. */
  readonly learn?: (output: Out, input: In, call: Call) => void;
  /** An answer, or undefined when this source has none; the next one is asked then. */
  readonly answer: (error: unknown, input: In, call: Call) => Promise<FallbackAnswer<Out> | undefined>;
}

export interface FallbackAnswer<Out> {
  readonly output: Out;
  /** How old it is, in milliseconds, when it was an answer once. */
  readonly ageMs?: number;
}

/** What tells an answer from a fallback apart from a real one. */
export interface FallbackMark {
  readonly kind: 'value' | 'function' | 'last-good';
  readonly ageMs?: number;
  /** Why the real answer was not to be had. */
  readonly error: unknown;
}

/** An answer was given in place of the operation's own. */
export interface FallbackEvent {
  readonly kind: 'fell-back';
  readonly operation: Operation;
  readonly mark: FallbackMark;
  readonly call: Call;
}

export interface FallbackOptions {
  /** Which errors a fallback stands in for. Default: what the other side or the way there is to blame for. */
  readonly when?: (error: unknown) => boolean;
  readonly observe?: (event: FallbackEvent) => void;
}

const marks = new WeakMap<object, FallbackMark>();

/**
 * Whether, and why, an answer is not the operation's own. Objects only: of a number or a string nobody can tell, and the
 * `fell-back` event must do.
 */
export function fallbackOf(output: unknown): FallbackMark | undefined {
  return typeof output === 'object' && output !== null ? marks.get(output) : undefined;
}

/**
 * Answers in place of an operation that fails, from the first source that can. Never in place of a refusal, of an answer
 * to a mistake of the caller, or for a caller who left: those are answers, or nobody waits. What it answers is marked
 * (`fallbackOf`). The operation's own error comes through when no source has an answer. Outermost: it stands in when all
 * else has been tried.
 *
 * @example
 * stack(fallback([lastGood({ clock, key: (sku) => sku }), fallbackValue([])]), retry({ … }))(recommend)
 */
export function fallback<In, Out>(
  sources: readonly FallbackSource<In, Out>[],
  options: FallbackOptions = {},
): Layer<In, Out> {
  const { when = isNoAnswer, observe } = options;
  const learning = sources.filter(({ learn }) => learn !== undefined);
  return (next) => async (input, call) => {
    try {
      const output = await next(input, call);
      for (const source of learning) source.learn?.(output, input, call);
      return output;
    } catch (error) {
      if (call.signal.aborted || !when(error)) throw error;
      for (const source of sources) {
        const answer = await source.answer(error, input, call);
        if (answer === undefined) continue;
        const age = answer.ageMs === undefined ? {} : { ageMs: answer.ageMs };
        const mark = { kind: source.kind, ...age, error };
        observe?.({ kind: 'fell-back', operation: call.operation, mark, call });
        if (typeof answer.output === 'object' && answer.output !== null) marks.set(answer.output, mark);
        return answer.output;
      }
      throw error;
    }
  };
}

/** Always the same answer; each caller gets a copy of it. */
export function fallbackValue<In, Out>(output: Out): FallbackSource<In, Out> {
  return { kind: 'value', answer: async () => ({ output: copyOf(output) }) };
}

/** What a function makes of the error and the input. When it throws, its error takes the place of the first. */
export function fallbackBy<In, Out>(
  make: (error: unknown, input: In, call: Call) => Out | Promise<Out>,
): FallbackSource<In, Out> {
  return { kind: 'function', answer: async (error, input, call) => ({ output: await make(error, input, call) }) };
}

export interface LastGoodOptions<In> {
  readonly clock: Clock;
  /** What makes two calls the same question. What callers may not see of one another must be part of it. */
  readonly key: (input: In, call: Call) => string;
  /** Answers kept; beyond that the one that was given longest ago goes. Default 1 000. */
  readonly most?: number;
  /** The oldest answer that is still given, in milliseconds. Default 1 hour. */
  readonly oldestMs?: number;
}

/** The last good answer to the same question, as a copy. */
export function lastGood<In, Out>(options: LastGoodOptions<In>): FallbackSource<In, Out> {
  const { clock, key, most = 1_000, oldestMs = 3_600_000 } = options;
  checkOption('lastGood', 'most', most, 1, 1_000_000);
  checkOption('lastGood', 'oldestMs', oldestMs, 1, Number.POSITIVE_INFINITY);
  const kept = new Map<string, { readonly output: Out; readonly at: number }>();
  return {
    kind: 'last-good',
    learn(output, input, call) {
      const question = key(input, call);
      kept.delete(question);
      kept.set(question, { output, at: clock.monotonicMs() });
      if (kept.size > most) for (const oldest of kept.keys()) return void kept.delete(oldest);
    },
    async answer(_, input, call) {
      const found = kept.get(key(input, call));
      if (found === undefined) return undefined;
      const ageMs = clock.monotonicMs() - found.at;
      return ageMs > oldestMs ? undefined : { output: copyOf(found.output), ageMs };
    },
  };
}

function isNoAnswer(error: unknown): boolean {
  if (isDureError(error) && error.kind === 'cancelled') return false;
  return verdictOf(error) !== 'answered';
}

/** A copy, so that a mark or a change does not reach somebody else's answer; what cannot be copied is given as it is. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
