import type { Call, Operation } from '@dure/core';
import type { Adjustable } from './adjustable.ts';
import { adjustable } from './adjustable.ts';
import { checkOption } from './options.ts';
import type { Flight, FlightEvent, SingleFlightOptions } from './single-flight.ts';
import { callerKey, fly } from './single-flight.ts';

/** How long and how many. May change while running; a shorter time holds for what is kept already, too. */
export interface ResponseCacheLimits {
  /** How long an answer is given again, in milliseconds. Default 1 000. */
  readonly freshMs?: number;
  /** Answers kept; beyond that the one that was asked for longest ago goes. Default 1 000. */
  readonly most?: number;
}

export interface ResponseCacheOptions<In, Out> extends ResponseCacheLimits, Omit<SingleFlightOptions<In>, 'observe'> {
  /** Which answers are worth keeping. Default: all; errors and refusals never are. */
  readonly keep?: (output: Out, input: In, call: Call) => boolean;
  readonly observe?: (event: CacheEvent | FlightEvent) => void;
}

export interface CacheEvent {
  readonly kind: 'cache-hit' | 'cache-miss';
  readonly operation: Operation;
}

/** A cache in a call's way. */
export interface ResponseCache<In, Out> extends Adjustable<In, Out, ResponseCacheLimits> {
  readonly size: number;
  /** Forgets everything, as after a change; what is under way is not kept either. */
  clear(): void;
}

/**
 * Gives answers again for a while, and lets calls that ask the same at the same time share one (`singleFlight`). Callers
 * are kept apart unless `shared`. All get the same object: do not change it. Outermost but for fallback: a hit costs
 * neither budget nor permit.
 *
 * @example
 * responseCache({ clock, key: (sku: string) => sku, freshMs: 5_000, shared: true })
 */
export function responseCache<In, Out>(options: ResponseCacheOptions<In, Out>): ResponseCache<In, Out> {
  const { clock, keep, observe } = options;
  const kept = new Map<string, { readonly output: Out; readonly at: number }>();
  const flights = new Map<string, Flight<Out>>();
  let age = 0;
  const { freshMs: initialMs = 1_000, most: initialMost = 1_000 } = options;
  const layer = adjustable<In, Out, ResponseCacheLimits>(
    { freshMs: initialMs, most: initialMost },
    checkLimits,
    (limits) => (next) => (input, call) => {
      const key = callerKey(options, input, call);
      if (key === undefined) return next(input, call);
      const { freshMs = initialMs, most = initialMost } = limits();
      const found = kept.get(key);
      if (found !== undefined) {
        kept.delete(key);
        if (clock.monotonicMs() - found.at < freshMs) {
          kept.set(key, found);
          observe?.({ kind: 'cache-hit', operation: call.operation });
          return Promise.resolve(found.output);
        }
      }
      observe?.({ kind: 'cache-miss', operation: call.operation });
      const askedIn = age;
      return fly(flights, key, { clock, observe }, call, async (flightCall) => {
        const output = await next(input, flightCall);
        if (askedIn === age && (keep === undefined || keep(output, input, call))) {
          kept.set(key, { output, at: clock.monotonicMs() });
          trim(kept, most);
        }
        return output;
      });
    },
  );
  const clear = () => {
    age += 1;
    kept.clear();
    flights.clear();
  };
  return Object.defineProperty(Object.assign(layer, { clear }), 'size', { get: () => kept.size }) as ResponseCache<
    In,
    Out
  >;
}

function trim(kept: Map<string, unknown>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}

function checkLimits({ freshMs = 1_000, most = 1_000 }: ResponseCacheLimits): void {
  checkOption('responseCache', 'freshMs', freshMs, 1, Number.POSITIVE_INFINITY);
  checkOption('responseCache', 'most', most, 1, 1_000_000);
}
