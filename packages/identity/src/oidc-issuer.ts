import { identityErrors } from './errors.ts';

/** What an issuer may sign by. */
export type OidcAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Where a claim stands: the names on the way to it, as `['realm_access', 'roles']`. */
export type ClaimPath = readonly string[];

/** An OpenID Connect issuer whose access tokens are accepted: Keycloak, Auth0, Entra ID and the like. */
export interface OidcIssuer {
  /** A short name of our own, for metrics and, unless `subjectPrefix` says otherwise, before every subject: `keycloak:7f3…`. */
  readonly name: string;
  /** The issuer exactly as it stands in its tokens' `iss`: https, or http on this machine. */
  readonly issuer: string;
  /** What must stand among a token's `aud`: the name of this system's API at the issuer, never a client's id. */
  readonly audience: string;
  /** Default: all four. */
  readonly algorithms?: readonly OidcAlgorithm[];
  /**
   * The `typ` headers of access tokens. Default `at+jwt` (RFC 9068) and `JWT`, which also stands for none: what is known to
   * be an ID token is refused then by its claims. Say `['at+jwt']` where the issuer can.
   */
  readonly types?: readonly string[];
  /** Where roles are listed. Default `realm_access.roles` (Keycloak) and `roles` (Entra ID). */
  readonly roles?: readonly ClaimPath[];
  /** Where scopes are listed. Default `scope` (RFC 9068) and `scp` (Entra ID, Okta). */
  readonly scopes?: readonly ClaimPath[];
  /** Our role for a role of the issuer; one that is not listed is left out. Default: all, as they are named there. */
  readonly roleNames?: Readonly<Record<string, string>>;
  /** What stands before a subject, so that users of two issuers are never taken for each other. Default: the name and a colon. */
  readonly subjectPrefix?: string;
  /** The address of the discovery document. Default: `/.well-known/openid-configuration` below the issuer. */
  readonly discovery?: string;
  /** The address of the keys, for an issuer without a discovery document. */
  readonly jwksUri?: string;
}

/** All algorithms that can be allowed. `none` and those with shared secrets cannot. */
export const oidcAlgorithms: readonly OidcAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** IDENTITY_ISSUER_INVALID unless tokens of the issuer can be checked as described. */
export function checkIssuer(given: OidcIssuer): void {
  const why = unfit(given);
  if (why === undefined) return;
  throw identityErrors.ISSUER_INVALID(`tokens of the issuer "${given.name}" cannot be accepted: ${why}`, {
    details: { issuer: given.issuer },
  });
}

function unfit({ name, issuer, audience, algorithms = oidcAlgorithms, discovery, jwksUri }: OidcIssuer) {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) return 'its name is not lower-case letters, digits and hyphens, at most 31';
  for (const url of [issuer, discovery, jwksUri]) {
    if (url !== undefined && !isTrustworthy(url)) return `"${url}" is neither https nor http on this machine`;
  }
  if (audience === '') return 'it has no `audience`, so that a token for any other API would do';
  if (algorithms.length === 0) return '`algorithms` is empty';
  const unknown = algorithms.find((algorithm) => !oidcAlgorithms.includes(algorithm));
  return unknown === undefined ? undefined : `"${unknown}" is none of ${oidcAlgorithms.join(', ')}`;
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether nobody on the way could give other keys. */
export function isTrustworthy(url: string): boolean {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username !== '' || parsed.password !== '') return false;
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && loopback.has(parsed.hostname));
}
