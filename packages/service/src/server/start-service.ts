import type { Clock, HealthCheck, Ids, Live, ManagementEndpoint, Random, Settings } from '@dure/core';
import { live, messageOf, sectionDefault, wait } from '@dure/core';
import type { PolicyRegistry } from '@dure/resilience';
import { policyRegistry } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import { openApi } from '../contract/index.ts';
import { actuator } from './actuator.ts';
import { admission } from './admission.ts';
import { admissionSection } from './admission-section.ts';
import { openApiListener } from './api-listener.ts';
import type { HttpRoute } from './http-route.ts';
import type { IdempotencyStore } from './idempotency-store.port.ts';
import { mappingsEndpoint } from './live-route.ts';
import { loggersEndpoint } from './loggers-endpoint.ts';
import { openManagementListener } from './management-listener.ts';
import type { OperationSet } from './operation-set.ts';
import { operationSet } from './operation-set.ts';
import type { Registered, Registrar } from './registrar.port.ts';
import type { Additions, AnyHandler, Listener, OpenListener, Platform, ServiceDefinition } from './service.ts';
import { serviceFlags } from './service-flags.ts';
import { followLogLevels } from './service-sections.ts';

/** What the host gives to one service: its ports' adapters, opened, and where to listen. */
export interface ServiceParts {
  readonly instanceId: string;
  readonly host: string;
  /** Without `management` there is no management port. */
  readonly ports: { readonly api: number; readonly management: number | undefined };
  /** What a listener of the service's own listens on in place of the API port; see `Bind`. */
  readonly socket?: Promise<object>;
  readonly mode: 'development' | 'production' | 'test';
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly platform: Platform;
  /** Undefined for the registry itself, which nobody looks up. */
  readonly registrar: Registrar | undefined;
  readonly config: unknown;
  /** The configuration as it changes; asked for only if the service asks. Default: it stays what it is at the start. */
  readonly live?: Live<unknown>;
  /** The sections of the definition, and those of every service. Default: nobody configures them. */
  readonly settings?: Settings;
  /** Clients by the names in the definition's `uses`. */
  readonly uses: Readonly<Record<string, unknown>>;
  readonly db: unknown;
  readonly idempotency: IdempotencyStore | undefined;
  /** What the host adds: the feed, database health and the like. */
  readonly routes: readonly HttpRoute[];
  readonly health: readonly HealthCheck[];
  readonly endpoints: readonly ManagementEndpoint[];
  /** What knows the policies of this service's calls, to be shown with that of its own door. Default: one of its own. */
  readonly policies?: PolicyRegistry;
  /** How long requests in flight may take to end when the service stops, in milliseconds. */
  readonly graceMs: number;
}

/** A service that runs. */
export interface RunningService {
  readonly service: string;
  readonly instanceId: string;
  readonly port: number;
  /** 0 when there is none. */
  readonly managementPort: number;
  /** For callers in the same host, and for the host's own deliveries. */
  readonly operations: OperationSet;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  /** Makes it known to its callers. Until then it listens, and its readiness is OUT_OF_SERVICE. */
  register(): Promise<void>;
  /** Readiness off, callers told and heard, deregistered, requests in flight ended, closed; idempotent. */
  close(patience?: StopPatience): Promise<void>;
}

/** How long a stop may take, for a service that others of its kind take over from. */
export interface StopPatience {
  /** For callers to say that they route here no more, in milliseconds. Default 300: they do so within milliseconds. */
  readonly drainMs: number;
  /** For requests in flight to end after that, in milliseconds. Default: what the host says. */
  readonly graceMs: number;
}

/** Starts a service: handlers, API port, management port. It takes traffic once `register` is called. */
export async function startService(definition: ServiceDefinition, parts: ServiceParts): Promise<RunningService> {
  const added = additions();
  const { clock, random, ids, telemetry, platform, config, db } = parts;
  const uses = parts.uses as never;
  const { settings = unconfigured } = parts;
  added.add.onStop(followLogLevels(settings, telemetry.levels));
  const { flags, endpoints } = serviceFlags(definition.flags, settings, telemetry);
  for (const endpoint of [loggersEndpoint(telemetry.levels), ...endpoints]) added.add.endpoint(endpoint);
  const handlers = await definition.start({
    config,
    get live() {
      return parts.live ?? live(config);
    },
    flags,
    settings,
    uses,
    db,
    clock,
    random,
    ids,
    log: telemetry.log,
    telemetry,
    add: added.add,
    platform,
  });
  const inbound = { clock, telemetry, idempotency: parts.idempotency, strictOutput: parts.mode !== 'production' };
  const operations = operationSet(definition.contract, handlers, inbound);
  const state: ServiceState = { ready: false, registered: undefined };
  const opened: Listener[] = [];
  const policies = parts.policies ?? policyRegistry({ clock });
  try {
    const open = apiOpener(definition, parts, { added, operations, policies });
    const { host, ports, socket } = parts;
    const api = await open({ host, port: ports.api, ...(socket === undefined ? {} : { socket }) });
    opened.push(api);
    if (ports.management !== undefined)
      opened.push(
        await openManagement(definition, parts, ports.management, { added, policies, state, routes: api.routes }),
      );
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close(0)));
    await added.stop(telemetry);
    throw error;
  }
  return runningService(definition, parts, { added, operations, handlers, state, opened });
}

/** What holds where there is no configuration. */
const unconfigured: Settings = (section) => live(sectionDefault(section));

interface ServiceState {
  ready: boolean;
  registered: Registered | undefined;
}

interface Started {
  readonly added: Added;
  readonly operations: OperationSet;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  readonly state: ServiceState;
  readonly opened: readonly Listener[];
}

interface Opening {
  readonly added: Added;
  readonly policies: PolicyRegistry;
}

function apiOpener(
  definition: ServiceDefinition,
  parts: ServiceParts,
  { added, operations, policies }: Opening & { readonly operations: OperationSet },
): OpenListener {
  const own = added.listener();
  if (own !== undefined) return own;
  const { clock, ids, telemetry, platform } = parts;
  const service = definition.contract.name;
  const { admission: limits } = definition;
  const { settings = unconfigured } = parts;
  const door =
    limits === 'off'
      ? undefined
      : admission({ service, limits, settings: settings(admissionSection(limits)), clock, telemetry, policies });
  if (door !== undefined) added.add.onStop(() => door.close());
  const routes = [...added.routes, ...parts.routes];
  const { verifier } = platform;
  return (bind) =>
    openApiListener({ service, operations, routes, verifier, clock, ids, telemetry, admission: door }, bind);
}

function openManagement(
  definition: ServiceDefinition,
  parts: ServiceParts,
  port: number,
  { added, policies, state, routes }: Opening & { readonly state: ServiceState; readonly routes: Listener['routes'] },
): Promise<Listener> {
  const { clock, ids, telemetry, platform, host, instanceId: instance } = parts;
  const service = definition.contract.name;
  const health = [...ownHealth(state), ...added.health, ...parts.health];
  const mappings = routes === undefined ? [] : [mappingsEndpoint(service, routes)];
  const shown = actuator({
    service,
    instance,
    clock,
    telemetry,
    health,
    endpoints: [
      openApiEndpoint(definition),
      ...mappings,
      ...policies.endpoints,
      ...added.endpoints,
      ...parts.endpoints,
    ],
  });
  return openManagementListener({ service, actuator: shown, verifier: platform.verifier, clock, ids }, { host, port });
}

/** `/actuator/openapi`: the service's own document; the gateway's merges what is exposed. */
function openApiEndpoint({ contract }: ServiceDefinition): ManagementEndpoint {
  return {
    id: 'openapi',
    handle: () => ({ status: 200, body: openApi([contract], { title: contract.name, version: '1', internals: true }) }),
  };
}

function runningService(
  { contract: { name: service }, metadata }: ServiceDefinition,
  parts: ServiceParts,
  { added, operations, handlers, state, opened }: Started,
): RunningService {
  const [port = 0, managementPort = 0] = opened.map((listener) => listener.port);
  const { instanceId, host, telemetry } = parts;
  const stop = async (drainMs: number, graceMs: number) => {
    state.ready = false;
    await leave(state.registered, drainMs, parts);
    await Promise.all(opened.map((listener) => listener.close(graceMs)));
    await added.stop(telemetry);
  };
  let stopping: Promise<void> | undefined;
  return {
    service,
    instanceId,
    port,
    managementPort,
    operations,
    handlers,
    async register() {
      state.registered = await parts.registrar?.register({
        service,
        instanceId,
        host,
        port,
        managementPort,
        metadata,
      });
      state.ready = true;
    },
    close(patience) {
      stopping ??= stop(patience?.drainMs ?? defaultDrainMs, patience?.graceMs ?? parts.graceMs);
      return stopping;
    },
  };
}

const defaultDrainMs = 300;

/** The longest pause before a drain is asked for again. */
const longestPauseMs = 400;

/** A registry that is away cannot tell the callers: it is asked again, as long as there is time. */
async function leave(
  registered: Registered | undefined,
  drainMs: number,
  { instanceId, clock, telemetry }: ServiceParts,
): Promise<void> {
  if (registered === undefined) return;
  const until = clock.monotonicMs() + drainMs;
  try {
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const outcome = await registered.drain(Math.max(Math.ceil(until - clock.monotonicMs()), 0));
      if (outcome === 'drained' || clock.monotonicMs() + pauseMs >= until) break;
      await wait(clock, pauseMs);
    }
    await registered.close();
  } catch (error) {
    telemetry.log.warn(`${instanceId} could not deregister`, { error });
  }
}

type Added = ReturnType<typeof additions>;

function ownHealth(state: { readonly ready: boolean }): readonly HealthCheck[] {
  return [
    { name: 'livenessState', groups: ['liveness'], check: () => ({ status: 'UP' }) },
    { name: 'readinessState', groups: ['readiness'], check: () => ({ status: state.ready ? 'UP' : 'OUT_OF_SERVICE' }) },
  ];
}

function additions() {
  const routes: HttpRoute[] = [];
  const health: HealthCheck[] = [];
  const endpoints: ManagementEndpoint[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  let open: OpenListener | undefined;
  const add: Additions = {
    route: (route) => void routes.push(route),
    health: (check) => void health.push(check),
    endpoint: (endpoint) => void endpoints.push(endpoint),
    onStop: (close) => void closers.unshift(close),
    listener(own) {
      open = own;
    },
  };
  const stop = async ({ log }: Telemetry) => {
    for (const close of closers) {
      try {
        await close();
      } catch (error) {
        log.warn(`a part did not close: ${messageOf(error)}`, { error });
      }
    }
  };
  return { add, routes, health, endpoints, listener: () => open, stop };
}
