import type { Handler, Layer } from '@dure/core';
import { defaultTimeoutMs, stack, startCall } from '@dure/core';

/** What the layers may know of a guarded function. */
export interface GuardOptions {
  /** What it is called in messages, events and endpoints. */
  readonly name: string;
  /** What it asks: retries and hedges to the same service share a budget. Default: the name. */
  readonly service?: string;
  /** Whether it may be sent again, and so whether `retry` and `hedge` do anything; `'key'`: when a call has a key. Default false. */
  readonly idempotent?: boolean | 'key';
  /** The longest one attempt may take, in milliseconds: what `timeout` enforces. Default 5 000. */
  readonly timeoutMs?: number;
  /** Relative cost for limits. Default 1. */
  readonly cost?: number;
}

/** What may differ from one call of a guarded function to the next. */
export interface GuardedCall {
  readonly signal?: AbortSignal;
  /** Epoch milliseconds after which nobody waits any more. */
  readonly deadline?: number;
  readonly idempotencyKey?: string;
}

/** A function with layers in its way. */
export type Guarded<In, Out> = (input: In, call?: GuardedCall) => Promise<Out>;

/**
 * Puts layers in the way of any async function, outermost first: the whole package without the rest of Dure. The function
 * is given its input and a call, of which most need only `signal`; give both a type, from which those of the layers follow.
 *
 * @example
 * const readStock = guard(
 *   { name: 'stock', idempotent: true, timeoutMs: 300 },
 *   async (sku: string, { signal }: Call) => (await fetch(url + sku, { signal })).json(),
 *   retry({ clock, random, budget }),
 *   breaker.layer(),
 *   timeout({ clock }),
 * );
 * const stock = await readStock('A-1');
 */
export function guard<In, Out>(
  options: GuardOptions,
  fn: Handler<In, Out>,
  ...layers: readonly Layer<NoInfer<In>, NoInfer<Out>>[]
): Guarded<In, Out> {
  const { name, service = name, idempotent = false, timeoutMs = defaultTimeoutMs, cost = 1 } = options;
  const handler = stack(...layers)(fn);
  const start = startCall({
    trace: { traceId: '0'.repeat(32), spanId: '0'.repeat(16), sampled: false },
    operation: { service: service === name ? '' : service, name, idempotent, cost, sensitive: [], timeoutMs },
  });
  return (input, change) => handler(input, change === undefined ? start : start.with(change));
}
