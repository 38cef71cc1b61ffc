import type { Call, Clock } from '@dure/core';
import { contract } from '@dure/service/contract';
import type { HttpRequest, HttpRoute, ServiceDefinition, StartContext } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { ChangeStream } from './change-stream.ts';
import type { DnsOptions, DnsSettings } from './dns/dns-settings.ts';
import { dnsSettings } from './dns/dns-settings.ts';
import { openDns } from './dns/open-dns.ts';
import { drainRoute, notYours } from './drains.ts';
import { eurekaApi } from './eureka-api.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import { parsePeerUrl } from './peers.ts';
import { pushRoutes } from './push-routes.ts';
import { pageRoutes } from './registry-page.ts';
import type { RegistryContext, RegistryParts, RegistrySettings } from './registry-parts.ts';
import { mayReplicate, openParts } from './registry-parts.ts';
import { replicate } from './replication-api.ts';
import type { PeerTransport } from './transport.ts';
import { peerTransport } from './transport.ts';

/** Options of `registryService`; every one has a default. */
export interface RegistryOptions {
  /** How long a process whose connection broke may take to come back before its instances go. Default 300. */
  readonly reconnectGraceMs?: number;
  /** How often expired leases are looked for. Default 60 000, as in Eureka. */
  readonly evictionIntervalMs?: number;
  /** `exact` (default) ends a lease when it says; `eureka` after twice its time, as Eureka does once it was renewed. */
  readonly lease?: 'exact' | 'eureka';
  /** Keep leases while fewer than 85 % of the expected renewals arrive. Default true. */
  readonly selfPreservation?: boolean;
  /** How often an instance is expected to renew, for these 85 %. Default 30 000, as in Eureka. */
  readonly expectedRenewalMs?: number;
  /** Callers that may change every application's registrations, not just their own. Default none. */
  readonly writers?: readonly string[];
  /** The other registries: `http://10.0.0.2:8761`, with `user:password@` for one of Eureka's. Default none. */
  readonly peers?: readonly string[];
  /** Who may read the page at `/`: whoever reaches the port (`open`, default), or who has credentials. */
  readonly page?: 'open' | 'credentials';
  /** Default: HTTP. */
  readonly peerTransport?: (url: string) => PeerTransport;
  /** Answers for programs that know no Dure: `order.dure.internal`. Default none. */
  readonly dns?: DnsOptions;
  /** Default 10 000. */
  readonly maxInstances?: number;
  /** Push streams open at a time. Default 2 000. */
  readonly maxStreams?: number;
  /** Push streams that may be opened at once; of a larger herd each gets its turn. Default 20. */
  readonly streamsAtOnce?: number;
  /** Turns per second. Default 30. */
  readonly streamsPerSecond?: number;
  /** Silence on a push stream after which the subscriber is asked for a sign of life. Default 5 000. */
  readonly heartbeatMs?: number;
  /** How long it may take to answer before its process counts as busy and is probed. Default 2 000. */
  readonly answerMs?: number;
  /** The share of all processes which, unreachable at once, speaks for a broken network of our own. Default 0.5. */
  readonly massLossShare?: number;
}

/** The registry's contract has no operations of its own: it speaks Eureka's protocol and a push stream. */
export const registryContract = contract('registry', {});

/**
 * The service registry: Eureka's REST API, and a stream on which our own clients are told of every change and by
 * which a process that dies is noticed at once.
 *
 * @example
 * const definition = registryService({ writers: ['spring'] });
 */
export function registryService(options: RegistryOptions = {}): ServiceDefinition {
  const settings = {
    reconnectGraceMs: atLeast('reconnectGraceMs', options.reconnectGraceMs ?? 300, 0),
    evictionIntervalMs: atLeast('evictionIntervalMs', options.evictionIntervalMs ?? 60_000, 10),
    maxInstances: atLeast('maxInstances', options.maxInstances ?? 10_000, 1),
    maxStreams: atLeast('maxStreams', options.maxStreams ?? 2_000, 1),
    heartbeatMs: atLeast('heartbeatMs', options.heartbeatMs ?? 5_000, 10),
    answerMs: atLeast('answerMs', options.answerMs ?? 2_000, 10),
    massLossShare: atLeast('massLossShare', options.massLossShare ?? 0.5, 0),
    streamsAtOnce: atLeast('streamsAtOnce', options.streamsAtOnce ?? 20, 1),
    streamsPerSecond: atLeast('streamsPerSecond', options.streamsPerSecond ?? 30, 1),
    lease: options.lease ?? 'exact',
    selfPreservation: options.selfPreservation ?? true,
    expectedRenewalMs: atLeast('expectedRenewalMs', options.expectedRenewalMs ?? 30_000, 100),
    peers: (options.peers ?? []).filter(parsePeerUrl),
    page: options.page ?? 'open',
    peerTransport: options.peerTransport ?? peerTransport,
    writers: new Set(options.writers ?? []),
    ...(options.dns === undefined ? {} : { dns: dnsSettings(options.dns) }),
  };
  return service({ contract: registryContract, start: (context) => start(context, settings) });
}

type Context = Pick<StartContext<unknown, unknown, unknown>, 'add' | keyof RegistryContext>;

async function start(context: Context, settings: RegistrySettings): Promise<Record<never, never>> {
  const { add, clock, telemetry } = context;
  const parts = openParts(context, settings);
  const { registry, streams } = parts;
  if (settings.dns !== undefined) await addDns(context, parts, settings.dns);
  addGauges(telemetry, registry, streams);
  const peers = () => parts.otherRegistries.all;
  const api = eurekaApi({ ...parts, peers, maxInstances: settings.maxInstances, startedMs: clock.monotonicMs() });
  const liveness = (process: string) => parts.watch.liveness(process);
  const pages = pageRoutes({ ...parts, peers, liveness, page: settings.page });
  const routes = [
    ...pages,
    ...eurekaRoutes(api),
    ...replicationRoutes(parts, settings),
    ...pushRoutes(parts),
    drainRoute(parts),
  ];
  for (const route of routes) add.route(route);
  void parts.otherRegistries.synchronise();
  const evicted = telemetry.metrics.counter('registry_evictions', 'Instances removed because their lease ran out');
  const sweeping = sweep(clock, settings.evictionIntervalMs, () => {
    for (const { info } of registry.evict()) {
      evicted.add(1);
      telemetry.log.warn(`the lease of ${info.instanceId} ran out`, { app: info.app, instance: info.instanceId });
    }
  });
  add.health({ name: 'registry', groups: [], check: () => health(registry, streams.size) });
  add.onStop(() => {
    sweeping.stop();
    parts.close();
  });
  return {};
}

async function addDns(
  { add, ...context }: Context,
  { registry, close }: RegistryParts,
  settings: DnsSettings,
): Promise<void> {
  try {
    const dns = await openDns({ ...context, registry }, settings);
    add.onStop(() => dns.close());
  } catch (error) {
    close();
    throw error;
  }
}

function addGauges(
  { metrics }: Telemetry,
  registry: InstanceRegistry,
  streams: ReadonlyMap<ChangeStream, string>,
): void {
  metrics.gauge('registry_instances', 'Registered instances', () => registry.size);
  metrics.gauge('registry_streams', 'Open push streams', () => streams.size);
  metrics.gauge('registry_renewals_last_minute', 'Renewals a minute, lately', () => registry.meter.lastMinute);
}

function eurekaRoutes(api: ReturnType<typeof eurekaApi>): readonly HttpRoute[] {
  const handle = (request: HttpRequest, call: Call) => api(request, call.identity);
  return ['/eureka/*', '/v2/*'].flatMap((path) =>
    (['GET', 'POST', 'PUT', 'DELETE'] as const).map((method): HttpRoute => {
      return { method, path, access: 'service', maxBodyBytes: 64 * 1024, handle };
    }),
  );
}

const largestReplicationBytes = 4 * 2 ** 20;

function replicationRoutes(parts: RegistryParts, { writers }: RegistrySettings): readonly HttpRoute[] {
  return ['/eureka', '/eureka/v2', '/v2'].map((base) => ({
    method: 'POST',
    path: `${base}/peerreplication/*`,
    access: 'service',
    maxBodyBytes: largestReplicationBytes,
    handle(request, { identity }) {
      if (!mayReplicate(identity, writers)) throw notYours(identity, 'every application');
      return replicate(parts, request);
    },
  }));
}

function health(registry: InstanceRegistry, streams: number) {
  const details = {
    instances: registry.size,
    streams,
    renewsLastMin: registry.meter.lastMinute,
    renewsThreshold: registry.meter.threshold,
    leasesExpire: registry.meter.expires,
  };
  return { status: 'UP', details } as const;
}

function sweep(clock: Clock, everyMs: number, run: () => void): { stop(): void } {
  let timer = clock.after(everyMs, again);
  function again(): void {
    run();
    timer = clock.after(everyMs, again);
  }
  return { stop: () => timer.cancel() };
}

function atLeast(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw registryErrors.OPTION_INVALID(`registryService: ${name} is ${value}; expected a number of at least ${least}`, {
    details: { name, value, least },
  });
}
