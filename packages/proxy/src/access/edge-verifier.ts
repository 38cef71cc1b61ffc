import type { Clock } from '@dure/core';
import type { OidcEvent, OidcIssuer } from '@dure/identity';
import { oidcVerifier, verifierByIssuer } from '@dure/identity';
import type { TokenVerifier } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import type { ForwardedIdentity } from './internal-identity.ts';

/** Whose tokens an edge takes, and what it makes of them. */
export interface EdgeIdentityOptions {
  /** Identity providers whose access tokens are taken beside the system's own. */
  readonly issuers?: readonly OidcIssuer[];
  /** Default `internal`: no client's token reaches a service. `pass` needs services that take it, so it has no `issuers`. */
  readonly identity?: ForwardedIdentity;
}

/**
 * Verifies the system's own tokens by `own`, and those of each issuer by its keys. Why one was refused is known to
 * `dure_gateway_token_refusals` only. GATEWAY_ISSUERS_INVALID, IDENTITY_ISSUER_INVALID.
 */
export function edgeVerifier(
  { issuers = [], identity = 'internal' }: EdgeIdentityOptions,
  own: TokenVerifier,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): TokenVerifier {
  if (issuers.length === 0) return own;
  if (identity === 'pass')
    throw invalid("`identity: 'pass'` would send their tokens to services, which know none of them");
  const observe = tokenMeters(telemetry);
  const verifiers = new Map<string, TokenVerifier>();
  const names = new Set<string>();
  for (const issuer of issuers) {
    if (verifiers.has(issuer.issuer)) throw invalid(`${issuer.issuer} is listed twice`);
    if (names.has(issuer.name)) throw invalid(`two are named "${issuer.name}", so their users could not be told apart`);
    names.add(issuer.name);
    verifiers.set(issuer.issuer, oidcVerifier({ ...issuer, clock, observe }));
  }
  return verifierByIssuer(own, verifiers);
}

function tokenMeters({ metrics, log }: Telemetry): (event: OidcEvent) => void {
  const refusals = metrics.counter('dure_gateway_token_refusals', 'Tokens of issuers that were refused, by reason');
  const keys = metrics.counter(
    'dure_gateway_issuer_keys',
    'How often the keys of an issuer were asked for, by outcome',
  );
  return (event) => {
    const { issuer } = event;
    if (event.type === 'refused') {
      refusals.add(1, { issuer, reason: event.reason });
      return;
    }
    keys.add(1, { issuer, outcome: event.outcome });
    if (event.outcome === 'failed')
      log.warn(`the keys of the issuer "${issuer}" could not be fetched`, { error: event.error });
  };
}

function invalid(why: string) {
  return gatewayErrors.ISSUERS_INVALID(`the issuers of the edge do not fit together: ${why}`);
}
