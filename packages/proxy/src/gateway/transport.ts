import type { Instance } from '@dure/balancer';
import type { TokenSigner } from '@dure/service/client';
import type { HttpOperation } from '@dure/service/contract';
import { describedOperations } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';

const timeoutMs = 2_000;

/** Asks instances for their operations, by the document on their management port. GATEWAY_UPSTREAM_INVALID. */
export function askOperations(signer: TokenSigner): (instance: Instance) => Promise<readonly HttpOperation[]> {
  return async ({ service, host, managementPort }) => {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${managementPort ?? 0}`;
    const response = await fetch(`http://${authority}/actuator/openapi`, {
      headers: { authorization: await signer.authorize(service, undefined) },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) return describedOperations(await response.json(), service);
    await response.body?.cancel();
    throw gatewayErrors.UPSTREAM_INVALID(`"${service}" tells its operations with status ${response.status}`);
  };
}
