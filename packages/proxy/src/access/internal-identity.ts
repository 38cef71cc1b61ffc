import { userOf } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { EdgeLayer } from '../engine/edge-layer.ts';

/**
 * How services learn who calls: by a token of the gateway's own, for one service and a minute, whatever the client proved
 * itself by; by the client's own token as it came; or not at all.
 */
export type ForwardedIdentity = 'internal' | 'pass' | 'none';

/** What stands last before a request is sent on. Default `internal`. */
export function forwardedIdentity(signer: TokenSigner, identity: ForwardedIdentity = 'internal'): EdgeLayer {
  if (identity === 'pass') return (next) => next;
  return identity === 'none' ? withoutIdentity : internalIdentity(signer);
}

const withoutIdentity: EdgeLayer = (next) => (exchange) => {
  exchange.authorization = undefined;
  return next(exchange);
};

/**
 * In place of what the client sent, services get the gateway's word for the user, with roles and scopes. Innermost: only
 * who was let through costs a signature, and the audience is where the request goes in the end.
 */
function internalIdentity(signer: TokenSigner): EdgeLayer {
  return (next) => (exchange) => {
    const user = userOf(exchange.identity);
    exchange.authorization = undefined;
    if (user === undefined) return next(exchange);
    return signer.authorize(exchange.destination.service, user).then((authorization) => {
      if (exchange.isClosed) return undefined;
      exchange.authorization = authorization;
      return next(exchange);
    });
  };
}
