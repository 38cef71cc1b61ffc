import type { TokenSigner } from '@dure/service/client';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import type { ConfigServiceOptions } from '../server/config-service.ts';
import { configService } from '../server/config-service.ts';

/** A config server that runs for a test. */
export interface RunningConfig extends AsyncDisposable {
  readonly url: string;
  readonly managementUrl: string;
  /** Signs as a service of this name; the server of the test believes it. */
  signer(subject: string): TokenSigner;
  close(): Promise<void>;
}

/** Starts a config server on a free port. Its tokens are plain names: `Bearer order`, or HTTP Basic with any password. */
export async function startConfig(options: ConfigServiceOptions, port = 0): Promise<RunningConfig> {
  const parts = serviceParts({ instanceId: 'config:test', ports: { api: port, management: 0 } });
  const running = await startService(configService(options), parts);
  return {
    url: `http://127.0.0.1:${running.port}`,
    managementUrl: `http://127.0.0.1:${running.managementPort}`,
    signer: (subject) => ({ authorize: async () => `Bearer ${subject}` }),
    close: () => running.close(),
    [Symbol.asyncDispose]: () => running.close(),
  };
}
