import { demandBody } from '../engine/arrived-request.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { demandNumber } from './protection-setting.ts';

export interface RequestBodyLimitOptions {
  /** The longest body that this route takes, in bytes; also one longer than the gateway takes elsewhere. */
  readonly maxBytes: number;
}

/**
 * Bounds the bodies of a route: by what they state before anything is read (GATEWAY_BODY_TOO_LARGE, 413), and by what comes
 * when they state nothing. Stands before what demands the gateway's own limit.
 */
export function requestBodyLimit({ maxBytes }: RequestBodyLimitOptions): EdgeLayer {
  demandNumber('requestBodyLimit', 'maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
  return (next) => (exchange) => {
    exchange.maxBodyBytes = maxBytes;
    demandBody(exchange.head, maxBytes === 0, maxBytes, exchange.method);
    return next(exchange);
  };
}
