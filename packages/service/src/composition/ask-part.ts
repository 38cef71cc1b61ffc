import type { Call, Clock, FallbackNote, Handler } from '@dure/core';
import { FallbackNotes, isRefusal, timeLeftMs } from '@dure/core';
import { timeout } from '@dure/resilience';
import type { PartPlan } from './part.ts';
import { pageError } from './part-failure.ts';

/** What came of asking with one input: a value, and what stood in on the way to it, or why there is none. */
export type Result = { readonly value: unknown; readonly notes: readonly FallbackNote[] } | { readonly error: unknown };

/** What came of all calls for a part. */
export interface Results {
  /** One for each input. */
  readonly inOrder: readonly Result[];
  readonly calls: number;
}

/** Which part of its time whoever asks leaves to itself: for what stands in, and for answering. */
export const ownShare = 0.95;

/**
 * Asks for a part, with equal inputs once and at most `atOnce` at a time, until the deadline of the call it is handed, whatever
 * the client does. Rejects with what ends the page: for a part that it can do without, only when the page has ended already.
 */
export function partAsker(
  part: PartPlan,
  clock: Clock,
  ask: Handler<unknown, unknown>,
): (inputs: readonly unknown[], call: Call) => Promise<Results> {
  const answerTo = asker(part, clock, ask);
  return async (inputs, call) => {
    const keys = inputs.map((input) => JSON.stringify(input));
    const distinct = new Map(keys.map((key, at) => [key, inputs[at]]));
    const results = new Map<string, Result>();
    const pending = distinct.entries();
    const work = async () => {
      for (const [key, input] of pending) {
        results.set(key, await answerTo(input, call));
        call.signal.throwIfAborted();
      }
    };
    await Promise.all(Array.from({ length: Math.min(part.atOnce, distinct.size) }, work));
    return { inOrder: keys.map((key) => results.get(key) as Result), calls: distinct.size };
  };
}

function asker(part: PartPlan, clock: Clock, ask: Handler<unknown, unknown>) {
  const { operation, optional, fallback } = part;
  const unbounded = { ...operation, timeoutMs: Number.POSITIVE_INFINITY };
  const limited = timeout<unknown, unknown>({ clock })((input, call) =>
    // Earlier, so that what the contract has in place of an answer comes before the part's time is over.
    ask(input, call.with({ deadline: clock.now() + timeLeftMs(call, clock) * ownShare })),
  );
  const answered = async (input: unknown, call: Call): Promise<Result> => {
    const fallbacks = new FallbackNotes();
    try {
      const value = await limited(input, call.with({ operation: unbounded, fallbacks }));
      return { value, notes: fallbacks.all() };
    } catch (error) {
      if (fallback === undefined || isRefusal(error) || call.signal.aborted) throw error;
      const note: FallbackNote = { operation: `${operation.service}.${operation.name}`, kind: 'function' };
      return { value: fallback(input, error), notes: [note] };
    }
  };
  return async (input: unknown, call: Call): Promise<Result> => {
    try {
      return await answered(input, call);
    } catch (error) {
      if (optional) return { error };
      throw pageError(part, error, call);
    }
  };
}
