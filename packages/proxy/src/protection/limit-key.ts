import { hash } from 'node:crypto';
import { userOf } from '@dure/core';
import type { Exchange } from '../engine/exchange.ts';
import { clientNetwork } from '../http/client-network.ts';
import { fieldValue } from '../http/field-lines.ts';
import { apiKeyOf } from './api-key.ts';

/**
 * What a limit is counted by: the client's address (IPv6 by its /64), the signed-in user, whoever is signed in (a user or
 * a service), the API key by its id, the route, the operation, a header field, or what a function makes of the request.
 */
export type LimitKey =
  | 'address'
  | 'user'
  | 'subject'
  | 'apiKey'
  | 'route'
  | 'operation'
  | { readonly header: string }
  | ((exchange: Exchange) => string | undefined);

/** Reads one part of a key; undefined when the request has none. */
export type ReadKey = (exchange: Exchange) => string | undefined;

/** What reads a key off a request. */
export function keyReader(key: LimitKey): ReadKey {
  if (typeof key === 'function') return key;
  if (typeof key === 'object') return ({ fields }) => keptText(fieldValue(fields, key.header));
  return readers[key];
}

const readers: Readonly<Record<Extract<LimitKey, string>, ReadKey>> = {
  address: ({ address }) => clientNetwork(address),
  user: ({ identity }) => userOf(identity)?.subject,
  subject: ({ identity }) => (identity.kind === 'anonymous' ? undefined : `${identity.kind} ${identity.subject}`),
  apiKey: (exchange) => apiKeyOf(exchange),
  route: ({ route }) => route,
  operation: ({ destination }) => `${destination.service}.${destination.operation}`,
};

const longestKey = 100;

/** A key of bounded length; a longer one is replaced by its digest. */
export function shortKey(key: string): string {
  return key.length <= longestKey ? key : `sha256 ${hash('sha256', key, 'base64url')}`;
}

/** A copy that does not keep the header block which the text is a part of. */
function keptText(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : Buffer.from(shortKey(text), 'latin1').toString('latin1');
}
