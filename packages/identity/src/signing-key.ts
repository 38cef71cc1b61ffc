import type { CryptoKey, JWK } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import { identityErrors } from './errors.ts';

/** A JSON Web Key (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>;

/** A JSON Web Key Set, as served at `/.well-known/jwks.json`. */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** The only algorithm Dure signs and accepts: ECDSA on P-256 with SHA-256. */
export const signingAlgorithm = 'ES256';

/**
 * Makes a private ES256 key. Its `kid` is the key's thumbprint (RFC 7638), so that equal keys have equal names.
 *
 * @example
 * const key = await generateSigningKey();
 * const peers = { order: publicKeyOf(key) };
 */
export async function generateSigningKey(): Promise<Jwk> {
  const { privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: signingAlgorithm, use: 'sig' };
}

/** The part of a key that others may know; it keeps the key's `kid`. */
export function publicKeyOf({ kty, crv, x, y, kid }: Jwk): Jwk {
  return { kty, crv, x, y, kid, alg: signingAlgorithm, use: 'sig' };
}

/** The public halves of the keys that sign user tokens, as the document at `/.well-known/jwks.json`. */
export function userJwks(keys: readonly Jwk[]): JwkSet {
  return { keys: keys.map(publicKeyOf) };
}

/** A key that was checked and is ready for use. */
export interface ImportedKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/**
 * Checks and imports a key for one use; whatever the JWK says about its own use is held against it (RFC 8725 §3.1).
 * Rejects with IDENTITY_KEY_INVALID.
 */
export async function importSigningKey(jwk: Jwk, use: 'sign' | 'verify', owner: string): Promise<ImportedKey> {
  const why = unfit(jwk, use);
  if (why !== undefined) throw keyInvalid(owner, why);
  const { kty, crv, x, y, d } = jwk as JWK;
  const plain = { kty, crv, x, y, ...(use === 'sign' ? { d } : {}) } as JWK;
  try {
    const kid = typeof jwk.kid === 'string' ? jwk.kid : await calculateJwkThumbprint(plain);
    const key = await importJWK(plain, signingAlgorithm);
    if (key instanceof Uint8Array) throw keyInvalid(owner, 'it is a symmetric key');
    return { kid, key };
  } catch (cause) {
    throw keyInvalid(owner, 'its numbers are not a point of P-256', cause);
  }
}

/** What an issuer's JWK gives: nothing when it is of another kind or no good. */
export async function readSigningKey(jwk: Jwk, issuer: string): Promise<readonly (readonly [string, ImportedKey])[]> {
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') return [];
  const imported = await importSigningKey(jwk, 'verify', issuer).catch(() => undefined);
  return imported === undefined ? [] : [[imported.kid, imported]];
}

function unfit(jwk: Jwk, use: 'sign' | 'verify'): string | undefined {
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') {
    return `it has kty "${String(jwk.kty)}" and crv "${String(jwk.crv)}"`;
  }
  if (jwk.alg !== undefined && jwk.alg !== signingAlgorithm) return `it is meant for "${String(jwk.alg)}"`;
  if (jwk.use !== undefined && jwk.use !== 'sig') return `its use is "${String(jwk.use)}"`;
  const operations = jwk.key_ops;
  if (Array.isArray(operations) && !operations.includes(use)) return `its key_ops do not include "${use}"`;
  if (use === 'sign' && typeof jwk.d !== 'string') return 'it has no private part';
  return undefined;
}

function keyInvalid(owner: string, why: string, cause?: unknown) {
  return identityErrors.KEY_INVALID(`the key of "${owner}" cannot be used: ${why}; an EC key on P-256 is expected`, {
    cause,
    details: { owner },
  });
}
