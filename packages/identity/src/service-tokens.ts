import type { Clock, Identity, Ids } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { SignJWT } from 'jose';
import type { ActorClaim } from './claims.ts';
import { actorClaim, serviceTokenType } from './claims.ts';
import { recentMap } from './recent-map.ts';
import type { ImportedKey, Jwk } from './signing-key.ts';
import { importSigningKey, signingAlgorithm } from './signing-key.ts';

/** How long a service token is good for, in milliseconds. */
export const serviceTokenLifeMs = 60_000;

/** A token is replaced when less than this is left of it, so that every one handed out is good for longer. */
const renewBeforeMs = 15_000;

export interface ServiceTokenOptions {
  /** The service that signs: the tokens' issuer and subject. */
  readonly service: string;
  /** Its own private ES256 key. */
  readonly key: Jwk;
  /** The scopes it holds at each audience. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** How many signed tokens are kept for reuse, over all audiences and users. Default 1 000. */
  readonly maxCached?: number;
}

interface Signed {
  readonly authorization: Promise<string>;
  readonly renewAt: number;
}

/**
 * Signs a service's own tokens: for one audience, good for 60 s, with the scopes it holds there, and with the user it
 * acts for. Tokens are reused until 15 s before their end. Rejects with IDENTITY_KEY_INVALID when the key is no good.
 *
 * @example
 * const signer = serviceTokens({ service: 'order', key, scopes: { inventory: ['inventory:write'] }, clock, ids });
 * const authorization = await signer.authorize('inventory', userOf(call.identity));
 */
export function serviceTokens(options: ServiceTokenOptions): TokenSigner {
  const cache = recentMap<Signed>(options.maxCached ?? 1_000);
  let key: Promise<ImportedKey> | undefined;
  const sign = async (audience: string, actor: ActorClaim | undefined, now: number): Promise<string> => {
    key ??= importSigningKey(options.key, 'sign', options.service);
    const signingKey = await key;
    const issuedAt = Math.floor(now / 1_000);
    const token = await new SignJWT({
      scope: (options.scopes[audience] ?? []).join(' '),
      ...(actor === undefined ? {} : { act: actor }),
    })
      .setProtectedHeader({ alg: signingAlgorithm, kid: signingKey.kid, typ: serviceTokenType })
      .setIssuer(options.service)
      .setSubject(options.service)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + serviceTokenLifeMs / 1_000)
      .setJti(options.ids.uuid())
      .sign(signingKey.key);
    return `Bearer ${token}`;
  };
  return {
    authorize(audience: string, onBehalfOf: Identity | undefined): Promise<string> {
      const now = options.clock.now();
      const actor = onBehalfOf === undefined || onBehalfOf.kind === 'anonymous' ? undefined : actorClaim(onBehalfOf);
      const name = actor === undefined ? audience : `${audience} ${JSON.stringify(actor)}`;
      const known = cache.get(name);
      if (known !== undefined && now < known.renewAt) return known.authorization;
      const authorization = sign(audience, actor, now);
      cache.set(name, { authorization, renewAt: now + serviceTokenLifeMs - renewBeforeMs });
      authorization.catch(() => cache.delete(name));
      return authorization;
    },
  };
}
