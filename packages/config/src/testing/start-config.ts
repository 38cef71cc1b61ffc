import type { Identity } from '@dure/core';
import { ids, systemClock, systemRandom } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { startService } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
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
  const running = await startService(configService(options), {
    instanceId: 'config:test',
    host: '127.0.0.1',
    ports: { api: port, management: 0 },
    mode: 'test',
    clock: systemClock,
    random: systemRandom,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
    platform: {
      instances: { instances: () => [], onChange: () => () => {} },
      signer: { authorize: async () => '' },
      verifier: { verify: async (authorization) => identityOf(authorization) },
    },
    registrar: undefined,
    config: undefined,
    uses: {},
    db: undefined,
    idempotency: undefined,
    routes: [],
    health: [],
    endpoints: [],
    graceMs: 200,
  });
  return {
    url: `http://127.0.0.1:${running.port}`,
    managementUrl: `http://127.0.0.1:${running.managementPort}`,
    signer: (subject) => ({ authorize: async () => `Bearer ${subject}` }),
    close: () => running.close(),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

function identityOf(authorization: string): Identity {
  const [scheme = '', value = ''] = authorization.split(' ');
  const subject = scheme === 'Basic' ? (atob(value).split(':')[0] ?? '') : value;
  return { kind: 'service', subject, roles: [], scopes: [] };
}
