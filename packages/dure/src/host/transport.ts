import type { InstanceList } from '@dure/balancer';
import { messageOf } from '@dure/core';
import type { JwkSet } from '@dure/identity';
import { dureErrors } from '../errors.ts';

const timeoutMs = 2_000;

/** Gets the keys of the issuer of user tokens from the first instance that answers. DURE_KEYS_UNAVAILABLE. */
export async function fetchJwks(issuer: string, instances: InstanceList): Promise<JwkSet> {
  const reasons: string[] = [];
  for (const { host, port } of instances.instances(issuer)) {
    try {
      const response = await fetch(`http://${host}:${port}/.well-known/jwks.json`, {
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return (await response.json()) as JwkSet;
      reasons.push(`${host}:${port} answered ${response.status}`);
    } catch (error) {
      reasons.push(`${host}:${port}: ${messageOf(error)}`);
    }
  }
  throw dureErrors.KEYS_UNAVAILABLE(
    `the keys of "${issuer}", by which user tokens are checked, cannot be had: ${reasons.join('; ') || 'no instance is up'}`,
    {
      details: { issuer },
    },
  );
}

/** Whether the service at a management URL says that it is up. Never rejects. */
export async function isHealthy(managementUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${managementUrl}/actuator/health`, { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
