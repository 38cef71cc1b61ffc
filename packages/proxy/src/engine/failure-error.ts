import type { Instance } from '@dure/balancer';
import type { DureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import { tlsFailure } from '../upstream/tls-failure.ts';
import type { UpstreamFailure } from '../upstream/upstream-connection.ts';

/** Why no instance was asked; `openForMs` is how long the breakers that forbade it stay open, if any did. */
export function nobodyAsked(service: string, openForMs: number | undefined): DureError {
  if (openForMs === undefined)
    return gatewayErrors.NO_INSTANCE(`no instance of "${service}" takes requests at the moment`);
  return gatewayErrors.BREAKER_OPEN(`"${service}" has failed too often lately and is not asked for a moment`, {
    details: { openForMs },
  });
}

/** What a failed exchange with an instance is to the client. */
export function failureError({ kind, cause }: UpstreamFailure, service: string): DureError {
  switch (kind) {
    case 'connect':
      return gatewayErrors.CONNECT_FAILED(`no connection to "${service}" came about; nothing was sent`);
    case 'handshake':
      return gatewayErrors.TLS_FAILED(`TLS with "${service}" did not come about; nothing was read`, { cause });
    case 'stale':
    case 'closed':
      return gatewayErrors.UPSTREAM_CLOSED(`"${service}" hung up before it answered`);
    case 'invalid':
      return gatewayErrors.UPSTREAM_INVALID(`the answer of "${service}" is not well-formed HTTP`);
    case 'truncated':
      return gatewayErrors.UPSTREAM_CLOSED(`the answer of "${service}" broke off`);
    default:
      return kind satisfies never;
  }
}

/** What it is to whoever runs the proxy: also where and why TLS did not come about. */
export function failureText({ kind, cause }: UpstreamFailure, service: string, instance: Instance): string {
  if (kind !== 'handshake') return failureError({ kind }, service).message;
  return `TLS with "${service}" at ${instance.host}:${instance.port} did not come about: ${tlsFailure(cause)}`;
}
