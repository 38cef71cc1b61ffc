/** Who is calling. A service that acts for a user carries that user in `onBehalfOf`. */
export interface Identity {
  readonly kind: 'anonymous' | 'user' | 'service';
  /** The user's id or the service's name; empty when anonymous. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly onBehalfOf?: Identity;
}

/** Nobody in particular. */
export const anonymous: Identity = { kind: 'anonymous', subject: '', roles: [], scopes: [] };

/** The user at the start of the chain of calls, whoever relays it; undefined when there is none. */
export function userOf(identity: Identity): Identity | undefined {
  if (identity.kind === 'user') return identity;
  return identity.onBehalfOf === undefined ? undefined : userOf(identity.onBehalfOf);
}
