import type { DureError } from '@dure/core';
import { messageOf } from '@dure/core';
import { serviceErrors } from '../errors.ts';

/** Says which service could not open which port. */
export function listenFailure(
  service: string,
  bind: { readonly host: string; readonly port: number },
  cause: unknown,
): DureError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : messageOf(cause);
  const why = code === 'EADDRINUSE' ? 'another process holds it' : code;
  return serviceErrors.LISTEN_FAILED(`${service} cannot listen on ${bind.host}:${bind.port}: ${why}`, {
    cause,
    details: { service, ...bind, code },
  });
}
