import type { Clock } from '@dure/core';
import type { CryptoKey, JWK } from 'jose';
import { importJWK } from 'jose';
import { identityErrors } from './errors.ts';
import type { FetchJwks, ReadKeys } from './key-set.ts';
import type { OidcAlgorithm, OidcIssuer } from './oidc-issuer.ts';
import { isTrustworthy, oidcAlgorithms } from './oidc-issuer.ts';
import type { Jwk, JwkSet } from './signing-key.ts';
import type { FetchJson } from './transport.ts';

/** Where the keys are is asked again after this time, and after a failure. */
const rediscoverAfterMs = 3_600_000;
/** RFC 7518 §3.3: RSA keys have 2048 bits at least. */
const minModulusBytes = 256;

/** The key of an algorithm under a `kid`: a key is never used with an algorithm that it is not meant for (RFC 8725 §3.1). */
export function keyName(algorithm: string, kid: string): string {
  return `${algorithm} ${kid}`;
}

/** Fetches an issuer's keys from where its discovery document says (OpenID Connect Discovery 1.0 §4). */
export function discoveredKeys(issuer: OidcIssuer, fetchJson: FetchJson, clock: Clock): FetchJwks {
  let known: { readonly uri: string; readonly since: number } | undefined;
  return async () => {
    const now = clock.monotonicMs();
    if (known === undefined || now - known.since >= rediscoverAfterMs)
      known = { uri: issuer.jwksUri ?? (await discover(issuer, fetchJson)), since: now };
    try {
      return jwkSetOf(await fetchJson(known.uri), issuer);
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
}

async function discover(given: OidcIssuer, fetchJson: FetchJson): Promise<string> {
  const { issuer, discovery = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration` } = given;
  const document = (await fetchJson(discovery)) as Readonly<Record<string, unknown>> | null;
  // §4.3: a document of somebody else must not decide by which keys this issuer's tokens are checked.
  if (document?.issuer !== issuer) throw unusable(given, `${discovery} is of "${String(document?.issuer)}"`);
  const { jwks_uri: uri } = document;
  if (typeof uri !== 'string' || !isTrustworthy(uri))
    throw unusable(given, `${discovery} has no \`jwks_uri\` by https`);
  return uri;
}

function jwkSetOf(document: unknown, given: OidcIssuer): JwkSet {
  const keys = (document as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw unusable(given, 'its key set has no `keys`');
  return { keys: keys.filter((key): key is Jwk => typeof key === 'object' && key !== null) };
}

function unusable({ issuer }: OidcIssuer, why: string) {
  return identityErrors.KEYS_UNAVAILABLE(`the keys of "${issuer}" cannot be had: ${why}`, { details: { issuer } });
}

/** Reads a key for each allowed algorithm that it fits and may be used with. */
export function readOidcKeys(algorithms: readonly OidcAlgorithm[] = oidcAlgorithms): ReadKeys<CryptoKey> {
  return async (jwk) => {
    const found: (readonly [string, CryptoKey])[] = [];
    if (typeof jwk.kid !== 'string' || !isForVerifying(jwk)) return found;
    for (const algorithm of algorithms) {
      if (!fits(jwk, algorithm)) continue;
      const key = await importJWK(publicPart(jwk), algorithm).catch(() => undefined);
      if (key !== undefined && !(key instanceof Uint8Array)) found.push([keyName(algorithm, jwk.kid), key]);
    }
    return found;
  };
}

function isForVerifying({ use, key_ops: operations }: Jwk): boolean {
  if (use !== undefined && use !== 'sig') return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function fits({ alg, kty, crv, n }: Jwk, algorithm: OidcAlgorithm): boolean {
  // RFC 9864 calls Ed25519 by its name; both names mean the same here.
  if (alg !== undefined && alg !== algorithm && !(alg === 'Ed25519' && algorithm === 'EdDSA')) return false;
  if (algorithm === 'ES256') return kty === 'EC' && crv === 'P-256';
  if (algorithm === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519';
  return kty === 'RSA' && typeof n === 'string' && Buffer.from(n, 'base64url').length >= minModulusBytes;
}

function publicPart({ kty, crv, x, y, n, e }: Jwk): JWK {
  return { kty, crv, x, y, n, e } as JWK;
}
