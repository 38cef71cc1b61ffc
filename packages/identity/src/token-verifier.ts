import type { Clock, Identity } from '@dure/core';
import type { TokenVerifier } from '@dure/service/server';
import type { JWTPayload } from 'jose';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { BasicCredential } from './basic-credentials.ts';
import { basicIdentity } from './basic-credentials.ts';
import {
  actorOf,
  clockToleranceSeconds,
  isStrings,
  scopesOf,
  serviceTokenType,
  userTokenAudience,
  userTokenType,
} from './claims.ts';
import { identityErrors, tokenInvalid } from './errors.ts';
import type { FetchJwks, KeySet } from './key-set.ts';
import { keySet } from './key-set.ts';
import { serviceTokenLifeMs } from './service-tokens.ts';
import type { ImportedKey, Jwk } from './signing-key.ts';
import { importSigningKey, readSigningKey, signingAlgorithm } from './signing-key.ts';
import type { Verified } from './verified-tokens.ts';
import { recheckUserMs, verifiedTokens } from './verified-tokens.ts';

export interface TokenVerifierOptions {
  /** The service that verifies: service tokens must be meant for it. */
  readonly audience: string;
  /** Public keys by service. A service's token is accepted from these only. */
  readonly peers: Readonly<Record<string, Jwk>>;
  /**
   * Peers that stand before users, as the gateway does. Acting for a user they are that user and nothing more, so that no
   * operation for services opens to somebody outside; they can act for users only. Default: none.
   */
  readonly edges?: readonly string[];
  /** Who issues user tokens; without it none is accepted. */
  readonly userIssuer?: string;
  /** Fetches the issuer's keys; needed together with `userIssuer`. */
  readonly fetchJwks?: FetchJwks;
  /** Users of HTTP Basic, for wire protocols whose clients know nothing else. Default: none. */
  readonly basic?: Readonly<Record<string, BasicCredential>>;
  readonly clock: Clock;
  /** How many verified tokens are remembered, so that their signatures are checked once. Default 5 000. */
  readonly maxCached?: number;
}

/** Compact form with an ES256 signature in canonical base64url: 64 bytes, no spare bits set. */
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$/;
/** Nothing else may stand in a token's header: no `jku`, `jwk`, `x5u`, `crit`. */
const headerNames: ReadonlySet<string> = new Set(['alg', 'kid', 'typ']);

/**
 * Decides who sent a token: a service by its peer key, a user by the issuer's keys, a Spring client by HTTP Basic.
 * Rejects with SERVICE_TOKEN_INVALID, which never says why, and with IDENTITY_KEYS_UNAVAILABLE while the issuer's keys
 * have never been seen.
 *
 * @example
 * const verifier = tokenVerifier({ audience: 'order', peers, userIssuer: 'user', fetchJwks, clock });
 * const identity = await verifier.verify(request.headers.authorization);
 */
export function tokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { clock, basic } = options;
  const peers = peerKeys(options.peers);
  const users = userKeys(options, () => tokens.clear());
  const tokens = verifiedTokens((token) => verifyToken(token, options, peers, users), clock, options.maxCached);
  return {
    async verify(authorization) {
      const space = authorization.indexOf(' ');
      const scheme = authorization.slice(0, Math.max(space, 0)).toLowerCase();
      const credentials = authorization.slice(space + 1);
      if (scheme === 'bearer') return tokens.identityOf(credentials);
      const identity = scheme === 'basic' && basic !== undefined ? basicIdentity(credentials, basic) : undefined;
      if (identity === undefined) throw tokenInvalid();
      return identity;
    },
  };
}

type PeerKeys = () => Promise<ReadonlyMap<string, ImportedKey & { readonly service: string }>>;

/** Imports the peers' keys, once, when the first token arrives. A key that is no good stops every verification: it is a defect of the set-up. */
function peerKeys(peers: Readonly<Record<string, Jwk>>): PeerKeys {
  let imported: ReturnType<PeerKeys> | undefined;
  const importAll: PeerKeys = async () => {
    const keys = new Map<string, ImportedKey & { readonly service: string }>();
    for (const [service, jwk] of Object.entries(peers)) {
      const key = await importSigningKey(jwk, 'verify', service);
      keys.set(`${service} ${key.kid}`, { ...key, service });
    }
    return keys;
  };
  return () => {
    imported ??= importAll();
    return imported;
  };
}

function userKeys(
  { userIssuer, fetchJwks, clock }: TokenVerifierOptions,
  onChange: () => void,
): KeySet<ImportedKey> | undefined {
  if (userIssuer === undefined) return undefined;
  if (fetchJwks === undefined) {
    throw identityErrors.KEY_INVALID(
      `user tokens of "${userIssuer}" are to be accepted, but there is no \`fetchJwks\` to get its keys by`,
      { details: { issuer: userIssuer } },
    );
  }
  return keySet({ issuer: userIssuer, fetchJwks, read: (jwk) => readSigningKey(jwk, userIssuer), clock, onChange });
}

async function verifyToken(
  token: string,
  options: TokenVerifierOptions,
  peers: PeerKeys,
  users: KeySet<ImportedKey> | undefined,
): Promise<Verified> {
  const { kid, typ } = readHeader(token);
  if (typ === serviceTokenType) return verifyService(token, kid, options, await peers());
  if (typ === userTokenType && users !== undefined) return verifyUser(token, options, await users.find(kid));
  throw tokenInvalid();
}

function readHeader(token: string): { readonly kid: string; readonly typ: string | undefined } {
  if (!compactForm.test(token)) throw tokenInvalid();
  const header = orInvalid(() => decodeProtectedHeader(token));
  const { alg, kid, typ } = header;
  const plain = Object.keys(header).every((name) => headerNames.has(name));
  if (!plain || alg !== signingAlgorithm || typeof kid !== 'string' || kid === '') throw tokenInvalid();
  return { kid, typ };
}

async function verifyService(
  token: string,
  kid: string,
  { audience, clock, edges = [] }: TokenVerifierOptions,
  peers: Awaited<ReturnType<PeerKeys>>,
): Promise<Verified> {
  const issuer = orInvalid(() => decodeJwt(token).iss);
  const key = peers.get(`${issuer} ${kid}`);
  if (issuer === undefined || key === undefined) throw tokenInvalid();
  const maxTokenAge = serviceTokenLifeMs / 1_000;
  const { claims, until } = await claimsOf(token, key, clock, { issuer, audience, typ: serviceTokenType, maxTokenAge });
  const scopes = scopesOf(claims.scope);
  if (claims.sub !== issuer || scopes === undefined) throw tokenInvalid();
  const identity: Identity = { kind: 'service', subject: issuer, roles: [], scopes };
  if (claims.act === undefined) return { identity, until };
  const onBehalfOf = actorOf(claims.act);
  if (onBehalfOf === undefined) throw tokenInvalid();
  if (!edges.includes(issuer)) return { identity: { ...identity, onBehalfOf }, until };
  if (onBehalfOf.kind !== 'user' || onBehalfOf.onBehalfOf !== undefined) throw tokenInvalid();
  return { identity: onBehalfOf, until };
}

async function verifyUser(
  token: string,
  { userIssuer, clock }: TokenVerifierOptions,
  key: ImportedKey | undefined,
): Promise<Verified> {
  if (key === undefined || userIssuer === undefined) throw tokenInvalid();
  const { claims, until } = await claimsOf(token, key, clock, {
    issuer: userIssuer,
    audience: userTokenAudience,
    typ: userTokenType,
  });
  const { sub, iat, roles } = claims;
  const scopes = scopesOf(claims.scope);
  const fromFuture = iat === undefined || iat > clock.now() / 1_000 + clockToleranceSeconds;
  if (sub === undefined || sub === '' || fromFuture || !isStrings(roles) || scopes === undefined) throw tokenInvalid();
  return {
    identity: { kind: 'user', subject: sub, roles, scopes },
    until: Math.min(until, clock.now() + recheckUserMs),
  };
}

interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly typ: string;
  readonly maxTokenAge?: number;
}

async function claimsOf(
  token: string,
  { key }: ImportedKey,
  clock: Clock,
  expected: Expected,
): Promise<{ readonly claims: JWTPayload; readonly until: number }> {
  const verified = await jwtVerify(token, key, {
    ...expected,
    algorithms: [signingAlgorithm],
    requiredClaims: ['exp', 'iat', 'sub', 'iss', 'aud'],
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(clock.now()),
  }).catch((cause: unknown) => {
    throw tokenInvalid(cause);
  });
  const claims = verified.payload;
  return { claims, until: (claims.exp ?? 0) * 1_000 };
}

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw tokenInvalid(cause);
  }
}
