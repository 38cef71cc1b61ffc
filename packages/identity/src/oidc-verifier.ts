import type { Clock } from '@dure/core';
import type { TokenVerifier } from '@dure/service/server';
import type { CryptoKey, JWTPayload, ProtectedHeaderParameters } from 'jose';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { clockToleranceSeconds } from './claims.ts';
import { tokenInvalid } from './errors.ts';
import type { KeySet } from './key-set.ts';
import { keySet } from './key-set.ts';
import { isAccessToken, oidcIdentity } from './oidc-claims.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import { checkIssuer, oidcAlgorithms } from './oidc-issuer.ts';
import { discoveredKeys, keyName, readOidcKeys } from './oidc-keys.ts';
import type { FetchJson } from './transport.ts';
import { fetchIssuerJson } from './transport.ts';
import type { Verified } from './verified-tokens.ts';
import { maxTokenLength, recheckUserMs, verifiedTokens } from './verified-tokens.ts';

/** Why a token was refused; for metrics, never for its sender. */
export type OidcRefusal =
  | 'form'
  | 'header'
  | 'algorithm'
  | 'type'
  | 'key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'time'
  | 'claims';

/** What happens at a verifier of an issuer's tokens. */
export type OidcEvent =
  | { readonly type: 'refused'; readonly issuer: string; readonly reason: OidcRefusal }
  | { readonly type: 'keys'; readonly issuer: string; readonly outcome: 'fetched' }
  | { readonly type: 'keys'; readonly issuer: string; readonly outcome: 'failed'; readonly error: unknown };

export interface OidcVerifierOptions extends OidcIssuer {
  readonly clock: Clock;
  /** Default: by `fetch`, within five seconds, at most 256 KiB, following no redirect. */
  readonly fetchJson?: FetchJson;
  readonly observe?: (event: OidcEvent) => void;
  /** How many verified tokens are remembered, so that their signatures are checked once. Default 5 000. */
  readonly maxCached?: number;
}

const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)$/;
/** A certificate's thumbprint, as Entra ID sends it, does no harm; what names or holds a key does (`jku`, `jwk`, `x5u`, `x5c`). */
const headerNames: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'x5t', 'x5t#S256']);
const accessTokenType = 'at+jwt';

/**
 * Verifies the access tokens of an OpenID Connect issuer (RFC 9068 where the issuer follows it, RFC 8725 throughout) and tells
 * their user with the issuer's roles and scopes. Rejects with SERVICE_TOKEN_INVALID, which never says why, and with
 * IDENTITY_KEYS_UNAVAILABLE while the issuer's keys are not known; throws IDENTITY_ISSUER_INVALID at once.
 *
 * @example
 * const verifier = oidcVerifier({
 *   name: 'keycloak',
 *   issuer: 'https://login.example.com/realms/shop',
 *   audience: 'shop-api',
 *   roleNames: { 'shop-admin': 'admin' },
 *   clock,
 * });
 */
export function oidcVerifier(options: OidcVerifierOptions): TokenVerifier {
  checkIssuer(options);
  const { clock, observe = () => undefined, fetchJson = fetchIssuerJson, issuer, name } = options;
  const fetchKeys = discoveredKeys(options, fetchJson, clock);
  const keys = keySet({
    issuer,
    fetchJwks: async () => {
      try {
        const set = await fetchKeys();
        observe({ type: 'keys', issuer: name, outcome: 'fetched' });
        return set;
      } catch (error) {
        observe({ type: 'keys', issuer: name, outcome: 'failed', error });
        throw error;
      }
    },
    read: readOidcKeys(options.algorithms),
    clock,
    onChange: () => tokens.clear(),
  });
  const verify = (token: string) =>
    verifyToken(token, options, keys).then((verified) => {
      if (typeof verified !== 'string') return verified;
      observe({ type: 'refused', issuer: name, reason: verified });
      throw tokenInvalid();
    });
  const tokens = verifiedTokens(verify, clock, options.maxCached);
  return {
    async verify(authorization) {
      const [, token] = /^bearer (.*)$/is.exec(authorization) ?? [];
      if (token !== undefined && token.length <= maxTokenLength) return tokens.identityOf(token);
      observe({ type: 'refused', issuer: name, reason: 'form' });
      throw tokenInvalid();
    },
  };
}

/** A word is the reason of a refusal. */
async function verifyToken(
  token: string,
  options: OidcIssuer & { readonly clock: Clock },
  keys: KeySet<CryptoKey>,
): Promise<Verified | OidcRefusal> {
  const header = headerOf(token);
  if (typeof header === 'string') return header;
  const { algorithms = oidcAlgorithms, clock } = options;
  const { alg, kid, type } = header;
  const algorithm = algorithms.find((allowed) => allowed === alg || (allowed === 'EdDSA' && alg === 'Ed25519'));
  if (algorithm === undefined) return 'algorithm';
  if (!(options.types ?? [accessTokenType, 'jwt']).some((allowed) => allowed.toLowerCase() === type)) return 'type';
  const key = await keys.find(keyName(algorithm, kid));
  if (key === undefined) return 'key';
  const claims = await claimsOf(token, key, alg, options);
  if (typeof claims === 'string') return claims;
  if (type !== accessTokenType && !isAccessToken(claims)) return 'type';
  const now = clock.now();
  if ((claims.iat ?? 0) > now / 1_000 + clockToleranceSeconds) return 'time';
  const identity = oidcIdentity(claims, options);
  if (identity === undefined) return 'claims';
  return { identity, until: Math.min((claims.exp ?? 0) * 1_000, now + recheckUserMs) };
}

interface Header {
  readonly alg: string;
  readonly kid: string;
  /** In lower case, without `application/` (RFC 7515 §4.1.9); `jwt` when it says nothing. */
  readonly type: string;
}

function headerOf(token: string): Header | OidcRefusal {
  const [, signature = ''] = compactForm.exec(token) ?? [];
  // Spare bits would let one signature be written in several ways.
  if (signature === '' || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return 'form';
  const header = decoded(token);
  if (header === undefined) return 'form';
  const { alg, kid, typ = 'JWT' } = header;
  if (typeof alg !== 'string') return 'algorithm';
  if (typeof typ !== 'string') return 'type';
  if (!Object.keys(header).every((name) => headerNames.has(name))) return 'header';
  if (typeof kid !== 'string' || kid === '') return 'key';
  return { alg, kid, type: typ.toLowerCase().replace(/^application\//, '') };
}

function decoded(token: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

async function claimsOf(
  token: string,
  key: CryptoKey,
  algorithm: string,
  { issuer, audience, clock }: OidcVerifierOptions,
): Promise<JWTPayload | OidcRefusal> {
  try {
    const verified = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: [algorithm],
      requiredClaims: ['exp', 'iat', 'sub', 'iss', 'aud'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock.now()),
    });
    return verified.payload;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): OidcRefusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWTExpired) return 'time';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'form';
  if (error.claim === 'iss') return 'issuer';
  if (error.claim === 'aud') return 'audience';
  return error.claim === 'nbf' && error.reason === 'check_failed' ? 'time' : 'claims';
}
