import { messageOf } from '@dure/core';
import type { BaseOptions } from '@platformatic/kafka';

/** Where a cluster is, and who we are there. */
export interface ClusterAccess {
  /** `127.0.0.1:9092`; several with commas. */
  readonly servers: string;
  /** SASL/SCRAM-SHA-512, or PLAIN where `mechanism` says so. */
  readonly user?: string;
  readonly password?: string;
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly tls?: boolean;
  /** The client's name in the broker's logs. */
  readonly name: string;
}

/** How long an answer may take, in milliseconds. */
export const answerMs = 5_000;

/** What every client of the library is made with. */
export function baseOf({
  servers,
  user,
  password,
  mechanism = 'SCRAM-SHA-512',
  tls,
  name,
}: ClusterAccess): BaseOptions {
  return {
    clientId: name,
    bootstrapBrokers: servers.split(','),
    timeout: answerMs,
    connectTimeout: 3_000,
    retries: 1,
    retryDelay: 100,
    ...(user === undefined ? {} : { sasl: { mechanism, username: user, password: password ?? '' } }),
    ...(tls === true ? { tls: {} } : {}),
  };
}

/** Errors of the client are trees: the leaves say what happened. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors.map(detailOf) : [];
  const id = 'apiId' in error && typeof error.apiId === 'string' ? ` (${error.apiId})` : '';
  const cause = error.cause === undefined ? [] : [detailOf(error.cause)];
  return [messageOf(error) + id, ...inner, ...cause].join(': ');
}
