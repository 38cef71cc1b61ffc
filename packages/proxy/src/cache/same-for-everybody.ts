import { anonymous } from '@dure/core';
import type { EdgeLayer } from '../engine/edge-layer.ts';

/**
 * Says of a route that its answers are the same whoever asks: no credentials and no cookies are forwarded, so that a cache
 * behind it may keep the answers for all. Only for what is public.
 */
export function sameForEverybody(): EdgeLayer {
  return (next) => (exchange) => {
    exchange.identity = anonymous;
    exchange.authorization = undefined;
    exchange.cookie = undefined;
    return next(exchange);
  };
}
