import { generateKeyPairSync } from 'node:crypto';
import { fakeClock } from '@dure/core/testing';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { OidcAlgorithm, OidcIssuer } from '../oidc-issuer.ts';
import type { OidcEvent } from '../oidc-verifier.ts';
import { oidcVerifier } from '../oidc-verifier.ts';

export const issuer = 'https://login.example.com/realms/shop';
export const discoveryUrl = `${issuer}/.well-known/openid-configuration`;
export const jwksUri = `${issuer}/certs`;

/** A private key as a JWK. */
export async function keyOf(alg: OidcAlgorithm, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}
/** The keys that the issuer serves. */
export const keys = {
  RS256: await keyOf('RS256', 'rsa'),
  PS256: await keyOf('PS256', 'pss'),
  ES256: await keyOf('ES256', 'ec'),
  EdDSA: await keyOf('EdDSA', 'ed'),
};
/** It has a name that the issuer's key has. */
export const stranger = await keyOf('RS256', 'rsa');
export const encryption: JWK = { ...(await keyOf('RS256', 'enc')), use: 'enc' };
const { alg: _, ...unbound } = await keyOf('RS256', 'any-rsa');
/** It may be used with every algorithm of RSA. */
export const anyRsa: JWK = unbound;
const weak: JWK = {
  ...generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey.export({ format: 'jwk' }),
  kid: 'weak',
};
const secret = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'oct' };
/** What others may know of a key. */
export const publicOf = ({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest }: JWK): JWK => rest;

/** A verifier of one issuer whose documents and keys a test sets. */
export function oidcWorld(changes: Partial<OidcIssuer> = {}) {
  const clock = fakeClock();
  const events: OidcEvent[] = [];
  const fetched: string[] = [];
  const state = {
    down: false,
    document: { issuer, jwks_uri: jwksUri } as unknown,
    served: [...Object.values(keys), encryption, anyRsa, weak].map((key) => publicOf(key)) as JWK[],
  };
  const verifier = oidcVerifier({
    name: 'keycloak',
    issuer,
    audience: 'shop-api',
    ...changes,
    clock,
    observe: (event) => void events.push(event),
    fetchJson: async (url) => {
      fetched.push(url);
      if (state.down) throw new TypeError('connect ECONNREFUSED');
      return url === discoveryUrl ? state.document : { keys: [...state.served, secret] };
    },
  });
  const seconds = Math.floor(clock.now() / 1_000);
  const claims = { iss: issuer, sub: 'u-1', aud: 'shop-api', iat: seconds, exp: seconds + 300 };
  const refusals = () => events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []));
  return { clock, verifier, events, refusals, fetched, state, seconds, claims };
}

/** A token's header, where it is not the usual one. */
export interface Header {
  readonly alg?: string;
  readonly kid?: string | undefined;
  readonly typ?: string | undefined;
  readonly [name: string]: unknown;
}

/** Signs claims, good or not. */
export async function sign(key: JWK, claims: object, header: Header = {}): Promise<string> {
  const alg = String(header.alg ?? key.alg);
  return new SignJWT({ ...claims })
    .setProtectedHeader({ kid: key.kid, typ: 'at+jwt', ...header, alg } as { alg: string })
    .sign(await importJWK(key, alg), { crit: { strange: false, b64: true } });
}

/** The one answer to a bad token. */
export const invalid = { code: 'SERVICE_TOKEN_INVALID', message: 'the token is not valid; sign in again' };
/** A part of a token. */
export const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** With one part replaced. */
export const spliced = (token: string, at: 0 | 1 | 2, text: string) => token.split('.').with(at, text).join('.');
