import type { Identity } from '@dure/core';
import type { JWTPayload } from 'jose';
import { isStrings } from './claims.ts';
import type { ClaimPath, OidcIssuer } from './oidc-issuer.ts';

const usualRoles: readonly ClaimPath[] = [['realm_access', 'roles'], ['roles']];
const usualScopes: readonly ClaimPath[] = [['scope'], ['scp']];
/** Claims of tokens for a client, not for an API: OpenID Connect Core §2 and §3.3.2.11, RFC 8417. */
const idTokenClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];
/** OpenID Connect Core §2: a subject is at most 255 ASCII characters. */
const subjectForm = /^[\x20-\x7e]{1,255}$/;

/**
 * Whether claims without a `typ` header of their own are an access token's. Keycloak says it in a claim; elsewhere an ID token
 * gives itself away by what only a client can use (RFC 8725 §3.11 and §3.12).
 */
export function isAccessToken(claims: JWTPayload): boolean {
  if (claims.typ !== undefined) return claims.typ === 'Bearer';
  return idTokenClaims.every((name) => claims[name] === undefined);
}

/** Who the claims of a verified token are about; undefined when they have another shape. */
export function oidcIdentity(claims: JWTPayload, issuer: OidcIssuer): Identity | undefined {
  const { name, roles: rolePaths = usualRoles, scopes: scopePaths = usualScopes, roleNames, subjectPrefix } = issuer;
  const roles = wordsAt(claims, rolePaths);
  const scopes = wordsAt(claims, scopePaths);
  const { sub } = claims;
  if (sub === undefined || !subjectForm.test(sub) || roles === undefined || scopes === undefined) return undefined;
  const subject = `${subjectPrefix ?? `${name}:`}${sub}`;
  return { kind: 'user', subject, roles: ourRoles(roles, roleNames), scopes };
}

/** The words at all of the places: lists, or texts parted by spaces. */
function wordsAt(claims: JWTPayload, paths: readonly ClaimPath[]): readonly string[] | undefined {
  const words = new Set<string>();
  for (const path of paths) {
    const value = path.reduce<unknown>(member, claims);
    if (value === undefined) continue;
    const list = typeof value === 'string' ? value.split(' ') : value;
    if (!isStrings(list)) return undefined;
    for (const word of list) if (word !== '') words.add(word);
  }
  return [...words];
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function ourRoles(roles: readonly string[], names: OidcIssuer['roleNames']): readonly string[] {
  if (names === undefined) return roles;
  return roles.flatMap((role) => (Object.hasOwn(names, role) ? [names[role] ?? role] : []));
}
