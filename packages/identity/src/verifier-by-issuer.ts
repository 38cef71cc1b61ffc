import type { TokenVerifier } from '@dure/service/server';
import { maxTokenLength } from './verified-tokens.ts';

/**
 * Lets each issuer's tokens be checked by the verifier that is for them, and everything else by `own`. What a token says of
 * its issuer chooses who checks it, and is then checked.
 *
 * @example
 * const verifier = verifierByIssuer(platform.verifier, new Map([[keycloak.issuer, oidcVerifier({ ...keycloak, clock })]]));
 */
export function verifierByIssuer(own: TokenVerifier, foreign: ReadonlyMap<string, TokenVerifier>): TokenVerifier {
  if (foreign.size === 0) return own;
  return {
    verify: (authorization) => (foreign.get(statedIssuer(authorization) ?? '') ?? own).verify(authorization),
  };
}

function statedIssuer(authorization: string): string | undefined {
  if (authorization.length > maxTokenLength + 'Bearer '.length) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const issuer = (claims as { readonly iss?: unknown } | null)?.iss;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined; // it is no token at all
  }
}
