import type { Call } from './call.ts';

/** One operation seen from the inside: an input and the call it belongs to become an output. */
export type Handler<In, Out> = (input: In, call: Call) => Promise<Out>;

/** Something that stands in a call's way: it receives the next handler and returns one that wraps it. */
export type Layer<In, Out> = (next: Handler<In, Out>) => Handler<In, Out>;

/**
 * Composes layers into one, **outermost first**: `stack(a, b)(handler)` runs a, then b, then the handler.
 *
 * @example
 * const outbound = stack(traced(), retry(budget), timeout());
 * const call = outbound(send);
 */
export function stack<In, Out>(...layers: readonly Layer<In, Out>[]): Layer<In, Out> {
  return (handler) => layers.reduceRight((next, layer) => layer(next), handler);
}
