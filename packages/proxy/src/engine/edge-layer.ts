import type { Exchange } from './exchange.ts';

/** Answers one request at the edge, or sees to it that it is answered. What it throws or rejects with refuses the request. */
export type EdgeHandler = (exchange: Exchange) => void | Promise<void>;

/**
 * Something in a request's way. It may refuse by throwing, answer by itself, change what is forwarded and pass it on, or
 * wrap `exchange.answer` to change what comes back. It waits only when it must: without a promise nothing is deferred.
 */
export type EdgeLayer = (next: EdgeHandler) => EdgeHandler;

/** Composes layers around a handler, **outermost first**. */
export function edgeStack(layers: readonly EdgeLayer[], handler: EdgeHandler): EdgeHandler {
  return layers.reduceRight((next, layer) => layer(next), handler);
}
