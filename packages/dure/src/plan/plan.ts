import { publicKeyOf } from '@dure/identity';
import type { FlowMap } from '@dure/saga';
import { resolveConfig } from '../config-place.ts';
import { keyringFile } from '../keyring-file.ts';
import type { Definitions, LoadedSystem } from '../load-system.ts';
import type { BrokerRun, BrokerUser, CanaryRun, Jwk, ListenPorts, RunFile, ServiceRun } from '../run-file.ts';
import type { System } from '../system.ts';
import { infrastructure } from '../system.ts';
import { flowMaps } from './flow-map.ts';
import type { InstanceCounts } from './instances.ts';
import { instanceNames } from './instances.ts';
import type { MessageFlow } from './message-flow.ts';
import { messageFlow } from './message-flow.ts';
import type { EdgePorts, Placement } from './placement.ts';
import { scopesOf } from './scopes.ts';

/** When a process may start: the platform's servers at once, services when they can be configured, the edge last. */
export type Stage = 'platform' | 'services' | 'edge';

/** One process of a run. */
export interface PlannedProcess {
  /** `order`, `order-2` for a further one of the same service, `order@canary`, or `all` when everything runs in one. */
  readonly name: string;
  readonly stage: Stage;
  /** What it runs, in the order of starting. */
  readonly services: readonly string[];
  readonly canary?: CanaryRun;
}

/** What the definitions of all services say together. */
export interface Wiring extends MessageFlow {
  readonly flows: readonly FlowMap[];
  readonly scopes: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Users and passwords at a broker, by service, `*` for the others. */
export type BrokerUsers = Readonly<Record<string, BrokerUser>>;

/** What a run decides; the rest follows from the system. */
export interface RunSettings {
  readonly placement: Placement;
  readonly host: string;
  readonly ports: EdgePorts;
  readonly mode: RunFile['mode'];
  readonly stateFolder: string;
  /** Private keys of every service, of the platform's servers and of the supervisor. */
  readonly keys: Readonly<Record<string, Jwk>>;
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly consoleToken: string;
  /** What names this run. */
  readonly run?: string;
  /** Addresses of the databases of tables of configuration, by their files. Default: none. */
  readonly configDatabases?: Readonly<Record<string, string>>;
  /** For the messages between services. Default: none. */
  readonly brokerCredentials?: BrokerUsers;
  /** For the bus of the configuration. Default: none. */
  readonly busCredentials?: BrokerUsers;
  /** Passwords of the programs that are not of this system, by name. Default: none. */
  readonly foreign?: Readonly<Record<string, string>>;
}

export interface PlannedRun extends PlannedProcess {
  readonly runFile: RunFile;
}

/** The processes of a system, in the order of starting. Needs no definition. */
export function planProcesses(
  system: System,
  placement: Placement,
  counts: InstanceCounts = {},
): readonly PlannedProcess[] {
  const { services } = system;
  const own = Object.keys(services);
  const router = system.router === undefined ? [] : ['router'];
  const platform = ['registry', 'config', 'console'];
  if (placement === 'one')
    return [{ name: 'all', stage: 'edge', services: [...platform, ...own, ...router, ...outside(system)] }];
  return [
    ...platform.map((name): PlannedProcess => ({ name, stage: 'platform', services: [name] })),
    ...own.flatMap((service) => planInstances(system, service, counts[service] ?? 1)),
    ...router.map((name): PlannedProcess => ({ name, stage: 'services', services: [name] })),
    ...planInstances(system, 'gateway', counts.gateway ?? 1),
  ];
}

/** The processes of one service; those of the gateway run what is composed in it, too. */
export function planInstances(system: System, service: string, count: number): readonly PlannedProcess[] {
  const what: Pick<PlannedProcess, 'stage' | 'services'> =
    service === 'gateway' ? { stage: 'edge', services: outside(system) } : { stage: 'services', services: [service] };
  return instanceNames(system, service, count).map((name) => ({ name, ...what }));
}

/** The process of a version that is tried out. No service's name holds an `@`. */
export function planCanary(service: string, canary: CanaryRun): PlannedProcess {
  return { name: `${service}@canary`, stage: 'services', services: [service], canary };
}

function outside({ edge }: System): readonly string[] {
  return [...Object.keys(edge.composed), 'gateway'];
}

/** Judges the definitions together and computes what follows from them. DURE_SYSTEM_INVALID. */
export function wire(definitions: Definitions, { foreign }: Pick<System, 'foreign'>): Wiring {
  return {
    ...messageFlow(definitions),
    flows: flowMaps(definitions),
    scopes: scopesOf(definitions, Object.keys(foreign)),
  };
}

/** Everything that a system's processes are told: pure, so that a run can be read before it happens. */
export function planSystem(
  loaded: LoadedSystem,
  definitions: Definitions,
  settings: RunSettings,
): readonly PlannedRun[] {
  const wiring = wire(definitions, loaded.system);
  return planProcesses(loaded.system, settings.placement).map((process) => ({
    ...process,
    runFile: runFileOf(process, loaded, settings, wiring),
  }));
}

/** What one process is told. The platform's servers need no wiring. */
export function runFileOf(
  process: PlannedProcess,
  { system, module, folder }: LoadedSystem,
  settings: RunSettings,
  wiring: Wiring = {
    pulls: {},
    hears: {},
    addressed: {},
    brokered: {},
    replays: {},
    grants: {},
    flows: [],
    scopes: {},
  },
): RunFile {
  const { host, ports, keys } = settings;
  const { dns } = ports;
  const issuer = system.edge.session?.issuer.name;
  const hasConsole = process.services.includes('console');
  const hasRegistry = process.services.includes('registry');
  const hasConfig = process.services.includes('config');
  const takesForeign = hasRegistry || hasConfig;
  const answersDns = dns !== undefined && system.dns !== undefined && hasRegistry;
  return {
    system: system.name,
    module,
    folder,
    stateFolder: settings.stateFolder,
    process: process.name,
    services: Object.fromEntries(
      process.services.map((name) => [name, serviceRun(name, system, process, settings, wiring)]),
    ),
    mode: settings.mode,
    host,
    registryUrl: `http://${host}:${ports.registry}`,
    configUrl: `http://${host}:${ports.config}`,
    telemetryUrl: `http://${host}:${ports.console}`,
    peers: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, publicKeyOf(key)])),
    ...(system.config.length === 0 ? {} : { configPlaces: resolveConfig(folder, system.config) }),
    ...(system.bus === undefined ? {} : { hasBus: true as const }),
    ...(system.configSources.length === 0 ? {} : { hasConfigSources: true as const }),
    ...(settings.run === undefined ? {} : { run: settings.run }),
    ...(hasConfig && settings.configDatabases !== undefined ? { configDatabases: settings.configDatabases } : {}),
    ...(system.rollOut === undefined ? {} : { rollOut: system.rollOut }),
    ...(issuer === undefined ? {} : { userIssuer: issuer }),
    ...(answersDns ? { dns: { port: dns, zone: system.dns.zone } } : {}),
    ...(takesForeign && settings.foreign !== undefined ? { foreign: settings.foreign } : {}),
    ...(hasConsole ? { consoleToken: settings.consoleToken } : {}),
    keyringFile: keyringFile({ system, folder }, settings.stateFolder),
  };
}

function serviceRun(
  name: string,
  system: System,
  { canary }: PlannedProcess,
  settings: RunSettings,
  wiring: Wiring,
): ServiceRun {
  const { ports, keys, databaseUrls } = settings;
  const url = databaseUrls[name];
  const replays = wiring.replays[name] ?? {};
  const busUser = userOf(name, settings.busCredentials);
  const flows = wiring.flows.filter(({ owner }) => owner === name);
  return {
    ports: listenPorts(name, ports),
    key: keys[name] ?? {},
    scopes: wiring.scopes[name] ?? {},
    ...(url === undefined ? {} : { databaseUrl: url }),
    ...(url === undefined || system.broker === undefined ? {} : { broker: brokerRun(name, settings, wiring) }),
    ...(busUser === undefined ? {} : { busUser }),
    pulls: wiring.pulls[name] ?? [],
    grants: wiring.grants[name] ?? {},
    ...(canary === undefined ? {} : { canary }),
    ...(flows.length === 0 ? {} : { flows }),
    ...(Object.keys(replays).length === 0 ? {} : { replays }),
  };
}

/** Each service is told its own password only. */
function userOf(name: string, users: BrokerUsers = {}): BrokerUser | undefined {
  return users[name] ?? users['*'];
}

function brokerRun(
  name: string,
  { brokerCredentials }: RunSettings,
  { brokered, hears, addressed }: Wiring,
): BrokerRun {
  const credentials = userOf(name, brokerCredentials);
  return {
    ...(credentials === undefined ? {} : { credentials }),
    grants: brokered[name] ?? {},
    hears: hears[name] ?? [],
    addressed: addressed[name] ?? false,
  };
}

function listenPorts(name: string, ports: EdgePorts): ListenPorts {
  const known = infrastructure.find((server) => server === name);
  const api = known === undefined ? 0 : (ports[known] ?? 0);
  return { api, management: 0, ...(name === 'gateway' ? { handed: true } : {}) };
}
