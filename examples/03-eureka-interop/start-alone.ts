import { ids, systemClock, systemRandom } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Registrar, RunningService, ServiceDefinition, TokenVerifier } from '@dure/service/server';
import { startService } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';

/** Who a service is, and whom it believes. */
export interface Standing {
  readonly signer: TokenSigner;
  readonly verifier: TokenVerifier;
  /** Undefined for the registry itself. */
  readonly registrar?: Registrar;
}

/** Starts one service on any free port, without database, configuration and the services it could use: what `dure up` does for whole systems. */
export function startAlone(definition: ServiceDefinition, standing: Standing): Promise<RunningService> {
  const { signer, verifier, registrar } = standing;
  return startService(definition, {
    instanceId: `${definition.contract.name}:1`,
    host: '127.0.0.1',
    ports: { api: 0, management: 0 },
    mode: 'development',
    clock: systemClock,
    random: systemRandom,
    ids: ids(systemClock, systemRandom),
    telemetry: silentTelemetry(),
    platform: { instances: { instances: () => [], onChange: () => () => {} }, signer, verifier },
    registrar,
    config: undefined,
    uses: {},
    db: undefined,
    idempotency: undefined,
    routes: [],
    health: [],
    endpoints: [],
    graceMs: 1_000,
  });
}
