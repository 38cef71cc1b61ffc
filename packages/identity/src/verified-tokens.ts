import { hash } from 'node:crypto';
import type { Clock, Identity } from '@dure/core';
import { tokenInvalid } from './errors.ts';
import { recentMap } from './recent-map.ts';

/** What a token turned out to be. */
export interface Verified {
  readonly identity: Identity;
  /** Epoch milliseconds; never beyond the token's own end. */
  readonly until: number;
}

/** Tokens that were verified, remembered so that a signature is checked once. */
export interface VerifiedTokens {
  /** The identity behind a token. Rejects as its verification does. */
  identityOf(token: string): Promise<Identity>;
  /** Forgets all of them, those that are being verified included. */
  clear(): void;
}

/** A token is at most this long; a longer one is refused unread. */
export const maxTokenLength = 8_192;
/** A user's token is checked anew after this time, so that a key the issuer took back does not live on in the cache. */
export const recheckUserMs = 60_000;

/** Tokens are remembered by their digest; equal ones that arrive together are verified once. */
export function verifiedTokens(
  verify: (token: string) => Promise<Verified>,
  clock: Clock,
  maxCached = 5_000,
): VerifiedTokens {
  const cache = recentMap<Verified>(maxCached);
  const underway = new Map<string, Promise<Verified>>();
  let generation = 0;
  return {
    async identityOf(token) {
      if (token.length > maxTokenLength) throw tokenInvalid();
      const name = hash('sha256', token, 'base64url');
      const known = cache.get(name);
      if (known !== undefined && clock.now() < known.until) return known.identity;
      const begun = generation;
      let verifying = underway.get(name);
      if (verifying === undefined) {
        verifying = verify(token).finally(() => underway.delete(name));
        underway.set(name, verifying);
      }
      const verified = await verifying;
      if (begun === generation) cache.set(name, verified);
      return verified.identity;
    },
    clear() {
      generation += 1;
      cache.clear();
    },
  };
}
