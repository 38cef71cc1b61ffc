import type { TokenSigner } from '@dure/service/client';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import type { RegistryOptions } from '../server/registry-service.ts';
import { registryService } from '../server/registry-service.ts';

/** A registry that runs for a test. */
export interface RunningRegistry extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Signs as a service of this name; the registry of the test believes it. */
  signer(subject: string): TokenSigner;
  close(): Promise<void>;
}

/**
 * Starts a registry on a real port (any free one unless told). Its tokens are plain names: `Bearer order`, or HTTP
 * Basic with any password.
 */
export async function startRegistry(
  options: RegistryOptions = {},
  port = 0,
  host = '127.0.0.1',
): Promise<RunningRegistry> {
  const platform = { signer: { authorize: async () => 'Bearer registry' } };
  const parts = serviceParts({ instanceId: 'registry:test', host, ports: { api: port, management: 0 }, platform });
  const running = await startService(registryService(options), parts);
  return {
    url: `http://${host}:${running.port}`,
    port: running.port,
    signer: (subject) => ({ authorize: async () => `Bearer ${subject}` }),
    close: () => running.close(),
    [Symbol.asyncDispose]: () => running.close(),
  };
}
