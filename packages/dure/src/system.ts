import type { BusResource } from '@dure/config/bus';
import type { ConfigSourceResource } from '@dure/config/client';
import type { RollOutPolicy } from '@dure/config/server';
import type { OidcIssuer } from '@dure/identity';
import type { BrokerResource } from '@dure/messaging';
import type { GatewaySettings } from '@dure/proxy/gateway';
import type { AnyContract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import type { ConfigPlace } from './config-place.ts';
import { placeProblem } from './config-place.ts';
import { dureErrors } from './errors.ts';
import type { Invariant } from './invariant.ts';
import type { Traffic } from './traffic.ts';

/** Loads a service when a process needs it, so that each process loads only what it runs. */
export type LazyService = () => Promise<ServiceDefinition>;

/** How browsers stay signed in: the gateway keeps the token of `signIn` in an HttpOnly, SameSite cookie. */
export interface EdgeSession {
  /** The service that signs users in; its JWKS verifies their tokens. */
  readonly issuer: AnyContract;
  /** The issuer's operation that answers `{ token }`. */
  readonly signIn: string;
}

export interface EdgeOptions {
  /** The contracts that can be reached from outside; `contract.only(…)` exposes a part. */
  readonly expose: readonly AnyContract[];
  /** Services that run in the gateway's process and compose answers of others, by name. */
  readonly composed?: Readonly<Record<string, LazyService>>;
  readonly session?: EdgeSession;
  /** Identity providers (Keycloak, Auth0, Entra ID, …) whose users come in beside those of `session`. Default: none. */
  readonly issuers?: readonly OidcIssuer[];
  /** How services learn who calls: by a token of the gateway's own (`internal`, the default), or by the user's as it came. */
  readonly identity?: 'internal' | 'pass';
  /** The folder of the web application at `/`, relative to the system's folder. */
  readonly storefront?: string;
  /** Further routes, layers, limits, CORS, the access log: `() => import('./gateway.ts').then((module) => module.gateway)`. */
  readonly gateway?: LazyGateway;
}

/** Loads what `gateway.ts` says; only the gateway's own process does. */
export type LazyGateway = () => Promise<GatewaySettings>;

/** Loads the customers that a system is tried with. */
export type LazyTraffic = () => Promise<Traffic>;

/** The system's outside. */
export interface Edge {
  readonly kind: 'edge';
  readonly expose: readonly AnyContract[];
  readonly composed: Readonly<Record<string, LazyService>>;
  readonly session: EdgeSession | undefined;
  readonly issuers: readonly OidcIssuer[];
  readonly identity: 'internal' | 'pass';
  readonly storefront: string | undefined;
  readonly gateway: LazyGateway | undefined;
}

/** Something to try once the system is ready: what it shows, and a command for a shell. */
export interface Example {
  readonly en: string;
  readonly ko: string;
  readonly command: string;
}

/** How a program that is not of this system proves who it is; its user is its name. */
export interface ForeignProgram {
  /** A file that holds the password and that only its owner can read (mode 0600), relative to the system's folder. */
  readonly passwordFile: string;
}

/** Where a system's configuration lies, and how it is given out. */
export interface ConfigSettings {
  /** What the config server serves. Default: nothing. */
  readonly from?: ConfigPlace | readonly ConfigPlace[];
  /** What each service reads for itself, before what the config server has: `kubernetesConfig({ … })`. Default: nothing. */
  readonly sources?: readonly ConfigSourceResource[];
  readonly rollOut?: RollOutPolicy;
  /** What carries the bus, so that Spring's services hear of changes too: `rabbitmqBus({ … })`, `kafkaBus({ … })`. Default: the change feed. */
  readonly bus?: BusResource;
}

export interface SystemOptions {
  /** By name, which must be the name in the service's contract. */
  readonly services: Readonly<Record<string, LazyService>>;
  readonly edge: Edge;
  /**
   * The folder of configuration files, relative to the system's folder, a repository of them, `git({ … })`, a table,
   * `postgres({ … })`, or several of these, the first before the others; and how a change of them gets to those who run on it. Default: none; in production one instance
   * tries a change out first, otherwise all get it at once.
   */
  readonly config?: ConfigPlace | readonly ConfigPlace[] | ConfigSettings;
  /**
   * A router for programs of this machine that know no Dure: `http://127.0.0.1:<port>/order/…` reaches an instance of
   * `order`. `true` takes 8081, or the port after the console's. Default: none.
   */
  readonly router?: boolean | { readonly port: number };
  /**
   * DNS answers for programs that can look up names only: `order.dure.internal`, from the registry. `true` takes 8600,
   * or the port after a router's. Default: none.
   */
  readonly dns?: boolean | { readonly port?: number; readonly zone?: string };
  /**
   * Programs beside this system that join its registry as clients of Eureka and read their configuration as clients of
   * Spring Cloud Config, by name, each by HTTP Basic with a password of its own. Services use them by contract like others. Default: none.
   */
  readonly foreign?: Readonly<Record<string, ForeignProgram>>;
  /** What carries messages between services: `kafka({ … })`, `rabbitmq({ … })`, `nats({ … })`. Default: the feeds, without a broker. */
  readonly broker?: BrokerResource | undefined;
  /** What must hold at any time; `dure verify` proves it. */
  readonly invariants?: readonly Invariant[];
  /**
   * The file of the keys by which `{cipher}` values of the configuration are decrypted, relative to the system's folder; its
   * owner alone may read it (mode 0600). Default: `keyring.json` in the state folder.
   */
  readonly keyring?: string;
  /** What customers do while `dure chaos` breaks something: `() => import('./traffic.ts').then((module) => module.traffic)`. */
  readonly traffic?: LazyTraffic;
  /** What `dure up` suggests to try, given the gateway's URL. */
  readonly examples?: (gateway: string) => readonly Example[];
}

/** A whole system: the one model that is run, checked and deployed. */
export interface System {
  readonly kind: 'system';
  readonly name: string;
  readonly services: Readonly<Record<string, LazyService>>;
  readonly edge: Edge;
  /** The first before the others; none for a system without configuration. */
  readonly config: readonly ConfigPlace[];
  /** What services read beside the config server. */
  readonly configSources: readonly ConfigSourceResource[];
  /** What is not the mode's default of how changes of configuration are given out. */
  readonly rollOut: RollOutPolicy | undefined;
  /** Undefined where the config server's change feed carries the bus. */
  readonly bus: BusResource | undefined;
  /** Undefined for a system without a router; without a port it takes the usual one. */
  readonly router: { readonly port?: number } | undefined;
  /** Undefined for a system without DNS answers. */
  readonly dns: { readonly port?: number; readonly zone: string } | undefined;
  readonly foreign: Readonly<Record<string, ForeignProgram>>;
  /** Undefined where messages go by the feeds. */
  readonly broker: BrokerResource | undefined;
  readonly invariants: readonly Invariant[];
  readonly traffic: LazyTraffic | undefined;
  /** Undefined where the keys of the configuration lie in the state folder. */
  readonly keyring: string | undefined;
  readonly examples: (gateway: string) => readonly Example[];
}

/** The names of the platform's own servers; no service may take one. */
export const infrastructure = ['registry', 'config', 'console', 'gateway', 'router'] as const;
export type InfrastructureName = (typeof infrastructure)[number];

const reserved: ReadonlySet<string> = new Set([...infrastructure, 'supervisor', 'postgres', 'all']);

/**
 * Defines a system. Nothing is loaded and nothing runs yet; what can be judged without loading the services
 * is judged at once: DURE_SYSTEM_INVALID.
 *
 * @example
 * export const shop = system('shop', {
 *   services: { user: () => import('./user/service.ts').then((m) => m.userService) },
 *   edge: edge({ expose: [user] }),
 *   config: './config',
 * });
 */
export function system(name: string, options: SystemOptions): System {
  checkName('system', name);
  const { services, edge: outside } = options;
  for (const service of [...Object.keys(services), ...Object.keys(outside.composed)]) checkService(name, service);
  const twice = Object.keys(outside.composed).find((service) => service in services);
  if (twice !== undefined) {
    throw dureErrors.SYSTEM_INVALID(
      `the system "${name}" has two services named "${twice}": one in \`services\`, one in \`edge.composed\`; name one of them otherwise`,
      { details: { system: name, service: twice } },
    );
  }
  const { foreign = {} } = options;
  for (const program of Object.keys(foreign)) checkForeign(name, program, { ...services, ...outside.composed });
  for (const contract of outside.expose) checkHas(name, contract.name, 'exposes', services, outside.composed);
  if (outside.session !== undefined) checkSession(name, outside.session, services);
  const { broker, config = [], router = false, dns = false, invariants = [], examples = () => [] } = options;
  for (const { name: invariant, reads } of invariants) {
    for (const service of reads) checkHas(name, service, `has the invariant "${invariant}", which reads`, services, {});
  }
  const routed = router === true ? {} : router === false ? undefined : router;
  const named = dns === false ? undefined : { zone: 'dure.internal', ...(dns === true ? {} : dns) };
  const asked = { ...configOf(name, config), router: routed, dns: named, traffic: options.traffic };
  const { keyring } = options;
  return { kind: 'system', name, services, edge: outside, ...asked, keyring, foreign, broker, invariants, examples };
}

type ConfigParts = Pick<System, 'config' | 'configSources' | 'rollOut' | 'bus'>;

function configOf(system: string, given: NonNullable<SystemOptions['config']>): ConfigParts {
  const { from = [], sources = [], rollOut, bus } = isSettings(given) ? given : { from: given };
  const config = isList(from) ? from : [from];
  for (const [at, place] of config.entries()) {
    const problem = placeProblem(place);
    if (problem === undefined) continue;
    const which = config.length === 1 ? 'the configuration' : `place ${at + 1} of the configuration`;
    throw dureErrors.SYSTEM_INVALID(`${which} of the system "${system}" ${problem}`, {
      details: { system, place: at },
    });
  }
  return { config, configSources: sources, rollOut, bus };
}

function isSettings(given: NonNullable<SystemOptions['config']>): given is ConfigSettings {
  return typeof given === 'object' && ('from' in given || 'sources' in given);
}

function isList(from: ConfigPlace | readonly ConfigPlace[]): from is readonly ConfigPlace[] {
  return Array.isArray(from);
}

/**
 * Messages go by the feeds of the services' own logs, over HTTP and without a broker: the default, written out.
 *
 * @example
 * system('shop', { broker: feed(), … })
 */
export function feed(): undefined {
  return undefined;
}

/** Declares what of the system can be reached from outside. */
export function edge(options: EdgeOptions): Edge {
  const seen = new Set<string>();
  for (const { name } of options.expose) {
    if (seen.has(name)) {
      throw dureErrors.SYSTEM_INVALID(
        `the edge exposes the contract "${name}" twice; list it once, with all its operations`,
        { details: { service: name } },
      );
    }
    seen.add(name);
  }
  return {
    kind: 'edge',
    expose: options.expose,
    composed: options.composed ?? {},
    session: options.session,
    issuers: options.issuers ?? [],
    identity: options.identity ?? 'internal',
    storefront: options.storefront,
    gateway: options.gateway,
  };
}

/** The platform's own servers that a system has: a router only if it asks for one. */
export function infrastructureOf({ router }: System): readonly InfrastructureName[] {
  return infrastructure.filter((name) => name !== 'router' || router !== undefined);
}

/** Whether a value is a system, also one made by another copy of this package. */
export function isSystem(value: unknown): value is System {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'system' && 'edge' in value;
}

function checkName(what: string, name: string): void {
  if (/^[a-z][a-z0-9-]{0,30}$/.test(name)) return;
  throw dureErrors.SYSTEM_INVALID(
    `the ${what} name "${name}" is not a name: a lower-case letter, then lower-case letters, digits or hyphens, at most 31`,
    { details: { name } },
  );
}

function checkService(system: string, name: string): void {
  checkName('service', name);
  if (!reserved.has(name)) return;
  throw dureErrors.SYSTEM_INVALID(
    `the system "${system}" has a service named "${name}", which is a name of the platform's own; call it otherwise`,
    { details: { system, service: name } },
  );
}

/** Whoever has its password is it: it must not be somebody else as well. */
function checkForeign(system: string, name: string, services: Readonly<Record<string, LazyService>>): void {
  checkService(system, name);
  if (!(name in services)) return;
  throw dureErrors.SYSTEM_INVALID(
    `the system "${system}" has "${name}" both as a service and in \`foreign\`; name one of them otherwise`,
    { details: { system, service: name } },
  );
}

function checkHas(
  system: string,
  service: string,
  does: string,
  ...sets: readonly Readonly<Record<string, LazyService>>[]
): void {
  if (sets.some((set) => service in set)) return;
  const names = sets.flatMap((set) => Object.keys(set));
  throw dureErrors.SYSTEM_INVALID(
    `the system "${system}" ${does} "${service}", but has no such service; it has ${names.join(', ') || 'none'}`,
    { details: { system, service } },
  );
}

function checkSession(system: string, session: EdgeSession, services: Readonly<Record<string, LazyService>>): void {
  const { issuer, signIn } = session;
  checkHas(system, issuer.name, 'keeps sessions of', services);
  if (signIn in issuer.operations) return;
  throw dureErrors.SYSTEM_INVALID(
    `the session of the system "${system}" signs in by "${issuer.name}.${signIn}", but the contract has no such operation; it has ${Object.keys(issuer.operations).join(', ')}`,
    { details: { system, operation: signIn } },
  );
}
