import type { Identity } from '@dure/core';
import { ids, systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { Platform } from '../server/service.ts';
import type { ServiceParts } from '../server/start-service.ts';
import type { TokenVerifier } from '../server/token-verifier.port.ts';

/** What a test brings of its own; of the platform, only what it needs. */
export interface OwnParts extends Partial<Omit<ServiceParts, 'platform'>> {
  readonly platform?: Partial<Platform>;
}

/** Believes everybody: `Bearer order`, and HTTP Basic with any password, is the service `order`. */
export const believing: TokenVerifier = {
  async verify(authorization) {
    const [scheme = '', value = ''] = authorization.split(' ');
    const subject = scheme === 'Basic' ? (atob(value).split(':')[0] ?? '') : value;
    return { kind: 'service', subject, roles: [], scopes: [] } satisfies Identity;
  },
};

/**
 * The parts with which a service starts alone, in a test: on free ports of the loopback, silent, with nobody to call, known to
 * no registry, without a database.
 *
 * @example
 * await using running = await startService(stockService, serviceParts({ config: { most: 3 } }));
 */
export function serviceParts({ platform, ...own }: OwnParts = {}): ServiceParts {
  const { clock = systemClock, random = systemRandom } = own;
  const made = own.ids ?? ids(clock, random);
  return {
    instanceId: 'alone:1',
    host: '127.0.0.1',
    ports: { api: 0, management: 0 },
    mode: 'test',
    clock,
    random,
    ids: made,
    telemetry: silentTelemetry(made),
    platform: {
      instances: { instances: () => [], onChange: () => () => {} },
      signer: { authorize: async () => '' },
      verifier: believing,
      ...platform,
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
    ...own,
  };
}
