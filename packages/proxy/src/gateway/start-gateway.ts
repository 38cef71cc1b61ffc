import type { Instance } from '@dure/balancer';
import { staticInstance, staticInstances } from '@dure/balancer';
import type { Ids } from '@dure/core';
import { anonymous, ids, systemClock, systemRandom } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { TokenVerifier } from '@dure/service/server';
import { serviceErrors, startService } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { openTelemetry, stdoutSink } from '@dure/telemetry';
import type { ForwardedIdentity } from '../access/internal-identity.ts';
import { gatewayErrors } from '../errors.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { gatewayService } from './gateway-service.ts';

/** One server of a service: its origin, such as `http://127.0.0.1:9001`, and the version that `canary` and `mirror` ask for. */
export type ServerAddress = string | { readonly url: string; readonly version: string };

export interface StartGatewayOptions extends Omit<GatewayOptions, 'exposes'> {
  /** Where it listens. Default: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1; `0.0.0.0` for all addresses of the machine. */
  readonly host?: string;
  /**
   * The port of `/actuator`: health for everybody, the rest for services that `verifier` knows. 0 for any free one.
   * Default: none.
   */
  readonly managementPort?: number;
  /** The servers of services that routes name by `{ service }`; requests are balanced over them. */
  readonly services?: Readonly<Record<string, readonly ServerAddress[]>>;
  readonly exposes?: GatewayOptions['exposes'];
  /** Whose tokens are good, beside those of `issuers`. */
  readonly verifier?: TokenVerifier;
  /** By what services learn who calls. */
  readonly signer?: TokenSigner;
  /**
   * Default: `internal` with a `signer`; else `none` with `issuers` or a `verifier`; else `pass`: this gateway knows
   * nobody, and `Authorization` is for the servers behind it to judge.
   */
  readonly identity?: ForwardedIdentity;
  /** Default: warnings and errors on stdout, a line of JSON each. */
  readonly telemetry?: Telemetry;
}

/** A gateway that runs. */
export interface RunningGateway extends AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly port: number;
  /** Undefined when there is none. */
  readonly managementPort: number | undefined;
  /** Takes no more requests and lets those under way end, for ten seconds at most. Idempotent. */
  close(): Promise<void>;
}

const graceMs = 10_000;

/**
 * Starts a gateway by itself, in front of any HTTP servers: no registry, no configuration server, no other part of Dure.
 * Within a system, `gatewayService` is started by its host instead. Fails with what `gatewayService` fails with,
 * GATEWAY_ROUTE_INVALID for an address that is none, and SERVICE_LISTEN_FAILED.
 *
 * @example
 * await using gateway = await startGateway({
 *   port: 8080,
 *   routes: [route('legacy', { path: '/**', to: { url: 'http://127.0.0.1:9000' }, access: 'public' })],
 * });
 */
export async function startGateway(options: StartGatewayOptions): Promise<RunningGateway> {
  const { port = 0, host = '127.0.0.1', managementPort, services = {}, exposes = [], ...rest } = options;
  const clock = systemClock;
  const random = systemRandom;
  const gatewayIds = ids(clock, random);
  const instances = staticInstances(instancesOf(services));
  const telemetry = options.telemetry ?? ownTelemetry(gatewayIds);
  const standing = standingOf(options);
  const running = await startService(gatewayService({ ...rest, exposes, identity: standing.identity }), {
    instanceId: 'gateway:1',
    host,
    ports: { api: port, management: managementPort },
    mode: 'production',
    clock,
    random,
    ids: gatewayIds,
    telemetry,
    platform: { instances, ...standing },
    registrar: undefined,
    config: undefined,
    uses: {},
    db: undefined,
    idempotency: undefined,
    routes: [],
    health: [],
    endpoints: [],
    graceMs,
  });
  await running.register();
  const close = async () => {
    await running.close();
    if (options.telemetry === undefined) await telemetry.close();
  };
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${running.port}`,
    port: running.port,
    managementPort: managementPort === undefined ? undefined : running.managementPort,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function ownTelemetry(telemetryIds: Ids): Telemetry {
  return openTelemetry({
    service: 'gateway',
    instance: 'gateway:1',
    clock: systemClock,
    ids: telemetryIds,
    random: systemRandom,
    stdout: stdoutSink(),
    level: 'warn',
    sampleRatio: 0,
  });
}

interface Standing {
  readonly verifier: TokenVerifier;
  readonly signer: TokenSigner;
  readonly identity: ForwardedIdentity;
}

function standingOf({ verifier, signer, issuers = [], identity }: StartGatewayOptions): Standing {
  const judges = verifier !== undefined || issuers.length > 0;
  const chosen = identity ?? (signer !== undefined ? 'internal' : judges ? 'none' : 'pass');
  if (chosen === 'internal' && signer === undefined)
    throw gatewayErrors.ISSUERS_INVALID("`identity: 'internal'` needs a `signer`, by which services learn who calls");
  return {
    verifier: verifier ?? (judges ? believingNobody : judgingNobody),
    signer: signer ?? silentSigner,
    identity: chosen,
  };
}

/** A token that no issuer gave is no good. */
const believingNobody: TokenVerifier = {
  async verify() {
    throw serviceErrors.TOKEN_INVALID('the token is not valid; sign in again');
  },
};

/** Where nobody is known, tokens are for the servers behind. */
const judgingNobody: TokenVerifier = { verify: async () => anonymous };

/** Never asked: only `internal` asks. */
const silentSigner: TokenSigner = { authorize: async () => '' };

function instancesOf(
  services: Readonly<Record<string, readonly ServerAddress[]>>,
): Readonly<Record<string, readonly Instance[]>> {
  return Object.fromEntries(
    Object.entries(services).map(([service, addresses]) => [
      service,
      addresses.map((address) => instanceAt(service, address)),
    ]),
  );
}

function instanceAt(service: string, address: ServerAddress): Instance {
  const { url, ...metadata } = typeof address === 'string' ? { url: address } : address;
  if (!/^https?:\/\//.test(url) || URL.parse(url)?.origin !== url)
    throw gatewayErrors.ROUTE_INVALID(
      `the address "${url}" of the service "${service}" is no origin such as http://127.0.0.1:9000 or https://orders.internal`,
      { details: { service, url } },
    );
  return { ...staticInstance(service, url), metadata };
}
