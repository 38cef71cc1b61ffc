import type { Identity } from '@dure/core';

/** `typ` of a service's token: one kind of token is never taken for another (RFC 8725 §3.11). */
export const serviceTokenType = 'dure-service+jwt';
/** `typ` of a user's token. */
export const userTokenType = 'dure-user+jwt';
/** The audience of user tokens: the whole system, since the edge and every service behind it read the same token. */
export const userTokenAudience = 'dure';
/** Clocks may disagree by this much, in seconds. */
export const clockToleranceSeconds = 5;

/** The longest chain of "on behalf of" that is read. */
const maxActors = 4;

/** On whose behalf a service acts, as a claim; nested as `Identity.onBehalfOf` is. */
export interface ActorClaim {
  readonly kind: 'user' | 'service';
  readonly sub: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly act?: ActorClaim;
}

/** Writes an identity as a claim; what is anonymous, or deeper than four levels, ends the chain. */
export function actorClaim(identity: Identity, depth = 1): ActorClaim | undefined {
  if (identity.kind === 'anonymous') return undefined;
  const { kind, subject, roles, scopes, onBehalfOf } = identity;
  const claim = { kind, sub: subject, roles, scopes };
  const next = onBehalfOf === undefined || depth >= maxActors ? undefined : actorClaim(onBehalfOf, depth + 1);
  return next === undefined ? claim : { ...claim, act: next };
}

/** Reads an actor claim; undefined when it has another shape. */
export function actorOf(claim: unknown, depth = 1): Identity | undefined {
  if (typeof claim !== 'object' || claim === null || depth > maxActors) return undefined;
  const { kind, sub, roles, scopes, act } = claim as Record<string, unknown>;
  if ((kind !== 'user' && kind !== 'service') || typeof sub !== 'string' || sub === '') return undefined;
  if (!isStrings(roles) || !isStrings(scopes)) return undefined;
  if (act === undefined) return { kind, subject: sub, roles, scopes };
  const onBehalfOf = actorOf(act, depth + 1);
  return onBehalfOf === undefined ? undefined : { kind, subject: sub, roles, scopes, onBehalfOf };
}

/** A `scope` claim, as in RFC 8693: words parted by single spaces; undefined when it is something else. */
export function scopesOf(claim: unknown): readonly string[] | undefined {
  if (claim === undefined || claim === '') return [];
  return typeof claim === 'string' ? claim.split(' ') : undefined;
}

/** Whether a value is a list of strings. */
export function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
