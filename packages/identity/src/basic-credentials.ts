import { createHash, timingSafeEqual } from 'node:crypto';
import type { Identity } from '@dure/core';

/** One user of HTTP Basic: what unmodified Spring clients of registry and config server send. */
export interface BasicCredential {
  readonly password: string;
  /** The service that the user stands for. */
  readonly service: string;
  readonly scopes: readonly string[];
}

/** Who sent Basic credentials (RFC 7617); undefined when user or password is wrong. Takes the same time for both. */
export function basicIdentity(encoded: string, users: Readonly<Record<string, BasicCredential>>): Identity | undefined {
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  const name = decoded.slice(0, colon);
  const known = Object.hasOwn(users, name) ? users[name] : undefined;
  const matches = sameText(decoded.slice(colon + 1), known?.password ?? '');
  if (known === undefined || known.password === '' || !matches) return undefined;
  return { kind: 'service', subject: known.service, roles: [], scopes: known.scopes };
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
