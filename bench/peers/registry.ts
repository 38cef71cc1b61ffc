import { ids, systemClock, systemRandom } from '@dure/core';
import { tokenVerifier } from '@dure/identity';
import { registryService } from '@dure/registry/server';
import { startService } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';

/** The registry as the host starts it, with the key of the one service that registers. */
const peers = { stock: JSON.parse(process.argv[2] ?? '{}') };
const running = await startService(registryService({ maxInstances: 20_000, streamsAtOnce: 1_000 }), {
  instanceId: 'registry:bench',
  host: '127.0.0.1',
  ports: { api: 0, management: 0 },
  mode: 'production',
  clock: systemClock,
  random: systemRandom,
  ids: ids(systemClock, systemRandom),
  telemetry: silentTelemetry(),
  platform: {
    instances: { instances: () => [], onChange: () => () => {} },
    signer: { authorize: async () => '' },
    verifier: tokenVerifier({ audience: 'registry', peers, clock: systemClock }),
  },
  registrar: undefined,
  config: undefined,
  uses: {},
  db: undefined,
  idempotency: undefined,
  routes: [],
  health: [],
  endpoints: [],
  graceMs: 100,
});
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
process.send?.({ port: running.port });
