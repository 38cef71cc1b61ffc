import type { Clock, Ids } from '@dure/core';
import { SignJWT } from 'jose';
import { userTokenAudience, userTokenType } from './claims.ts';
import type { Jwk } from './signing-key.ts';
import { importSigningKey, signingAlgorithm } from './signing-key.ts';

/** How long a user's token is good for unless told, in milliseconds: an hour. */
export const userTokenLifeMs = 3_600_000;

export interface UserTokenOptions {
  /** The user's id. */
  readonly subject: string;
  readonly roles: readonly string[];
  /** What the token may be used for, by operations that demand a user's scope. Default: nothing. */
  readonly scopes?: readonly string[];
  /** Shown to the user, such as a display name; never a secret. */
  readonly name?: string;
  /** The private ES256 key of the issuer. */
  readonly key: Jwk;
  /** The service that issues; default `user`. */
  readonly issuer?: string;
  /** Default one hour. */
  readonly lifeMs?: number;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface IssuedToken {
  /** What follows `Bearer ` in an `Authorization` header. */
  readonly token: string;
  /** Epoch milliseconds after which nobody accepts it. */
  readonly expiresAt: number;
}

/**
 * Issues a token that says who signed in, for the edge and every service behind it. Rejects with IDENTITY_KEY_INVALID.
 *
 * @example
 * const { token, expiresAt } = await issueUserToken({ subject: user.id, roles: ['customer'], key, clock, ids });
 */
export async function issueUserToken(options: UserTokenOptions): Promise<IssuedToken> {
  const issuer = options.issuer ?? 'user';
  const { kid, key } = await importSigningKey(options.key, 'sign', issuer);
  const issuedAt = Math.floor(options.clock.now() / 1_000);
  const expires = issuedAt + Math.max(1, Math.floor((options.lifeMs ?? userTokenLifeMs) / 1_000));
  const token = await new SignJWT({
    roles: options.roles,
    ...(options.scopes === undefined ? {} : { scope: options.scopes.join(' ') }),
    ...(options.name === undefined ? {} : { name: options.name }),
  })
    .setProtectedHeader({ alg: signingAlgorithm, kid, typ: userTokenType })
    .setIssuer(issuer)
    .setSubject(options.subject)
    .setAudience(userTokenAudience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expires)
    .setJti(options.ids.uuid())
    .sign(key);
  return { token, expiresAt: expires * 1_000 };
}
