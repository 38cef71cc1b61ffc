import type { Call, Clock, Identity } from '@dure/core';
import { contract } from '@dure/service/contract';
import type { HttpRequest, HttpResponse, HttpRoute, ServiceDefinition, StartContext } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { PushedInstance } from '../wire/push-stream.ts';
import { processKey, processParameter, pushPath } from '../wire/push-stream.ts';
import type { StreamSource } from './change-stream.ts';
import { ChangeStream } from './change-stream.ts';
import { eurekaApi } from './eureka-api.ts';
import type { Entry } from './instance-info.ts';
import { InstanceRegistry } from './instance-registry.ts';
import { ProcessLeases } from './process-leases.ts';

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
  /** Callers that may change every application's registrations, not just their own. Default none. */
  readonly writers?: readonly string[];
  /** Default 10 000. */
  readonly maxInstances?: number;
  /** Push streams open at a time. Default 2 000. */
  readonly maxStreams?: number;
  /** Silence on a push stream after which a heartbeat is sent. Default 5 000. */
  readonly heartbeatMs?: number;
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
    lease: options.lease ?? 'exact',
    selfPreservation: options.selfPreservation ?? true,
    writers: new Set(options.writers ?? []),
  };
  return service({ contract: registryContract, start: (context) => start(context, settings) });
}

type Settings = Required<Omit<RegistryOptions, 'writers'>> & { readonly writers: ReadonlySet<string> };
type Context = Pick<StartContext<unknown, unknown, unknown>, 'add' | 'clock' | 'random' | 'ids' | 'telemetry'>;

function start({ add, clock, random, ids, telemetry }: Context, settings: Settings): Record<never, never> {
  const streams = new Set<ChangeStream>();
  const registry = new InstanceRegistry({
    ...settings,
    clock,
    random,
    changed(app, id) {
      const name = app.toLowerCase();
      for (const stream of streams) stream.changed(name, id);
    },
  });
  const leases = new ProcessLeases(clock, settings.reconnectGraceMs, (process) => {
    removeProcess(process, registry, telemetry);
  });
  const evicted = telemetry.metrics.counter('registry_evictions', 'Instances removed because their lease ran out');
  addGauges(telemetry, registry, streams);
  const api = eurekaApi({
    registry,
    clock,
    maxInstances: settings.maxInstances,
    startedAt: clock.now(),
    mayWrite: (identity, app) => mayWrite(identity, app, settings.writers),
  });
  for (const route of eurekaRoutes(api)) add.route(route);
  add.route({
    method: 'GET',
    path: pushPath,
    access: 'service',
    handle: (request, call) => openStream(request, call, { registry, leases, streams, settings, clock, epoch }),
  });
  const epoch = ids.uuid();
  const sweeping = sweep(clock, settings.evictionIntervalMs, () => {
    for (const { info } of registry.evict()) {
      evicted.add(1);
      telemetry.log.warn(`the lease of ${info.instanceId} ran out`, { app: info.app, instance: info.instanceId });
    }
  });
  add.health({ name: 'registry', groups: [], check: () => health(registry, streams.size) });
  add.onStop(() => {
    sweeping.stop();
    leases.close();
    for (const stream of streams) stream.close();
  });
  return {};
}

function removeProcess(process: string, registry: InstanceRegistry, { log, metrics }: Telemetry): void {
  const lost = metrics.counter('registry_connections_lost', 'Instances removed because their connection broke');
  for (const { info } of registry.all()) {
    if (info.metadata[processKey] !== process) continue;
    registry.cancel(info.app, info.instanceId);
    lost.add(1);
    const fields = { app: info.app, instance: info.instanceId };
    log.warn(`the process of ${info.instanceId} is gone: its connection broke`, fields);
  }
}

function addGauges({ metrics }: Telemetry, registry: InstanceRegistry, streams: ReadonlySet<ChangeStream>): void {
  metrics.gauge('registry_instances', 'Registered instances', () => registry.size);
  metrics.gauge('registry_streams', 'Open push streams', () => streams.size);
  metrics.gauge('registry_renewals_last_minute', 'Renewals in the last whole minute', () => registry.meter.lastMinute);
}

function eurekaRoutes(api: ReturnType<typeof eurekaApi>): readonly HttpRoute[] {
  const handle = (request: HttpRequest, call: Call) => api(request, call.identity);
  return ['/eureka/*', '/v2/*'].flatMap((path) =>
    (['GET', 'POST', 'PUT', 'DELETE'] as const).map((method): HttpRoute => {
      return { method, path, access: 'service', maxBodyBytes: 64 * 1024, handle };
    }),
  );
}

interface StreamParts {
  readonly registry: InstanceRegistry;
  readonly leases: ProcessLeases;
  readonly streams: Set<ChangeStream>;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly epoch: string;
}

function openStream(request: HttpRequest, call: Call, parts: StreamParts): HttpResponse {
  const { registry, leases, streams, settings } = parts;
  if (streams.size >= settings.maxStreams) {
    throw registryErrors.FULL(
      `the registry serves ${settings.maxStreams} streams and takes no more (\`maxStreams\`); retry after a moment`,
      { details: { maxStreams: settings.maxStreams } },
    );
  }
  const process = request.query.get(processParameter)?.slice(0, 200) ?? '';
  const closed = process === '' ? () => {} : leases.opened(process);
  const source: StreamSource = {
    epoch: parts.epoch,
    all: () => registry.all().map(pushed),
    find(app, id) {
      const entry = registry.get(app.toUpperCase(), id);
      return entry && pushed(entry);
    },
  };
  const stream = new ChangeStream({
    source,
    clock: parts.clock,
    heartbeatMs: settings.heartbeatMs,
    maxWaiting: settings.maxInstances,
    closed() {
      streams.delete(stream);
      closed();
    },
  });
  streams.add(stream);
  if (call.signal.aborted) stream.close();
  else call.signal.addEventListener('abort', () => stream.close(), { once: true });
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    body: stream,
  };
}

/** Spring's clients look services up by VIP, which keeps the name's case; the application name is upper case. */
function pushed({ info }: Entry): PushedInstance {
  const vip = info.texts.vipAddress;
  const managementPort = Number(info.metadata['management.port']);
  return {
    id: info.instanceId,
    service: vip?.toUpperCase() === info.app ? vip : info.app.toLowerCase(),
    host: info.hostName,
    port: info.port.enabled || !info.securePort.enabled ? info.port.number : info.securePort.number,
    ...(Number.isInteger(managementPort) && managementPort > 0 ? { managementPort } : {}),
    ...(info.metadata.zone === undefined ? {} : { zone: info.metadata.zone }),
    status: info.status,
    metadata: info.metadata,
  };
}

function mayWrite(identity: Identity, app: string, writers: ReadonlySet<string>): boolean {
  return identity.kind === 'service' && (identity.subject.toUpperCase() === app || writers.has(identity.subject));
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
