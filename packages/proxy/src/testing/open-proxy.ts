import type { Instance, StaticInstances } from '@dure/balancer';
import { staticInstances } from '@dure/balancer';
import type { Clock, HealthCheck, Identity, ManagementEndpoint } from '@dure/core';
import { seededRandom, systemClock } from '@dure/core';
import { testIds } from '@dure/core/testing';
import type { TokenSigner } from '@dure/service/client';
import type { Listener, OpenListener, ServiceDefinition, TokenVerifier } from '@dure/service/server';
import { serviceErrors } from '@dure/service/server';
import type { TestConfig } from '@dure/service/testing';
import { testConfig } from '@dure/service/testing';
import type { Telemetry } from '@dure/telemetry';
import type { MemoryTelemetry } from '@dure/telemetry/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';

/** A proxy on a port of its own, with instances that a test sets. */
export interface OpenProxy extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly instances: StaticInstances;
  readonly telemetry: MemoryTelemetry;
  readonly endpoint: ManagementEndpoint;
  /** All of them, by their ids. */
  readonly endpoints: ReadonlyMap<string, ManagementEndpoint>;
  readonly health: readonly HealthCheck[];
  close(graceMs?: number): Promise<void>;
}

/** Tokens that a test writes by hand: `Bearer ann` is Ann, `Bearer ann+admin` is Ann with a role. */
export const testVerifier: TokenVerifier = {
  async verify(authorization) {
    const match = /^Bearer ([a-z]+)(?:\+([a-z]+))?$/.exec(authorization);
    const [, subject, role] = match ?? [];
    if (subject === undefined || subject === 'expired')
      throw serviceErrors.TOKEN_INVALID('the token is not valid; sign in again');
    const identity: Identity = { kind: 'user', subject, roles: role === undefined ? [] : [role], scopes: [] };
    return identity;
  },
};

/** What a service hears of Ann: `Bearer things for ann`. */
export const testSigner: TokenSigner = {
  authorize: async (audience, user) => `Bearer ${audience} for ${user?.subject}`,
};

/** Parts of a proxy that a test brings. */
export interface ProxyParts {
  readonly clock?: Clock;
  readonly verifier?: TokenVerifier;
  readonly signer?: TokenSigner;
  readonly telemetry?: Telemetry;
  readonly port?: number;
  readonly host?: string;
  /** Default: nothing is configured. */
  readonly config?: TestConfig;
  /** How many processes share the port. */
  readonly workers?: () => number;
}

/** Starts a gateway or a router as a host would, on 127.0.0.1. */
export async function openProxy(definition: ServiceDefinition, parts: ProxyParts = {}): Promise<OpenProxy> {
  const { clock = systemClock, verifier = testVerifier, signer = testSigner, host = '127.0.0.1' } = parts;
  const instances = staticInstances();
  const memory = memoryTelemetry({ service: definition.contract.name, clock });
  const telemetry = parts.telemetry ?? memory;
  const health: HealthCheck[] = [];
  const endpoints = new Map<string, ManagementEndpoint>();
  const added: { open?: OpenListener; endpoint?: ManagementEndpoint } = {};
  await definition.start({
    ...(parts.config ?? testConfig(definition)),
    uses: {},
    db: undefined,
    clock,
    random: seededRandom(1),
    ids: testIds(),
    log: telemetry.log,
    telemetry,
    platform: { instances, verifier, signer, ...(parts.workers === undefined ? {} : { workers: parts.workers }) },
    add: {
      route: () => {},
      health: (check) => void health.push(check),
      onStop: () => {},
      endpoint: (endpoint) => {
        if (endpoint.id === definition.contract.name) added.endpoint = endpoint;
        endpoints.set(endpoint.id, endpoint);
      },
      listener: (open) => {
        added.open = open;
      },
    },
  });
  const listener = (await added.open?.({ host, port: parts.port ?? 0 })) as Listener;
  return {
    port: listener.port,
    origin: `http://127.0.0.1:${listener.port}`,
    instances,
    telemetry: memory,
    endpoint: added.endpoint as ManagementEndpoint,
    endpoints,
    health,
    close: (graceMs = 0) => listener.close(graceMs),
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

/** An instance at a port of this machine. */
export function localInstance(service: string, port: number): Instance {
  return {
    id: `${service}:${port}`,
    service,
    host: '127.0.0.1',
    port,
    managementPort: undefined,
    zone: undefined,
    metadata: {},
  };
}
