import type { RollOutPolicy } from '@dure/config/server';
import type { FlowMap } from '@dure/saga';
import type { ConfigPlace } from './config-place.ts';

/** A public or private key as a JSON Web Key (RFC 7517); the ES256 keys of services. */
export type Jwk = Readonly<Record<string, unknown>>;

/** Where a service listens. Port 0 means any free one. */
export interface ListenPorts {
  readonly api: number;
  /** The supervisor holds the socket of the API port and hands it over IPC: `{ type: 'listen', workers }`. */
  readonly handed?: true;
  readonly management: number;
}

/** What one consumer may read of a service's log. */
export interface FeedGrant {
  /** Event types it reacts to. */
  readonly events: readonly string[];
  /** Whether commands and replies are addressed to it. */
  readonly addressed: boolean;
}

/** Who a service is at a broker. */
export interface BrokerUser {
  readonly user: string;
  readonly password: string;
}

/** What a service needs to send and get messages by the system's broker. */
export interface BrokerRun {
  /** Its own user and password; absent where the broker asks for none. */
  readonly credentials?: BrokerUser;
  /** What of its messages goes to whom by the broker. */
  readonly grants: Readonly<Record<string, FeedGrant>>;
  /** The services to whose events it reacts. */
  readonly hears: readonly string[];
  /** Whether commands or replies are addressed to it. */
  readonly addressed: boolean;
}

/** A version of a service that is tried out beside the others. */
export interface CanaryRun {
  /** Absolute path of the module that exports its definition; absent when that is the system's own. */
  readonly module?: string;
  /** What it is called in place of what its definition says. */
  readonly version?: string;
  /** The version of the others, which must not be its own. */
  readonly stable: string;
}

/** What the host must know of one service it runs. */
export interface ServiceRun {
  readonly ports: ListenPorts;
  /** The service's own ES256 private key, by which it signs its tokens. */
  readonly key: Jwk;
  /** Scopes it holds at each service it uses, computed from the contracts. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  /** The run-time role's connection string; absent for services without a database. */
  readonly databaseUrl?: string;
  /** The services whose logs it pulls. */
  readonly pulls: readonly string[];
  /** Absent where messages go by the feeds. */
  readonly broker?: BrokerRun;
  /** Who it is at the broker that carries the bus of the configuration; absent where that asks for nobody. */
  readonly busUser?: BrokerUser;
  /** Who may pull its log, and what of it. */
  readonly grants: Readonly<Record<string, FeedGrant>>;
  readonly canary?: CanaryRun;
  /** The flows that it watches over. Default: none. */
  readonly flows?: readonly FlowMap[];
  /** The events that may be delivered once more to its reactions, each with the service in whose log it stands. Default: none. */
  readonly replays?: Readonly<Record<string, string>>;
}

/**
 * All that a host process is told, in one file of mode 0600 whose path is the only thing in its environment.
 * Written by the supervisor, read once at start.
 */
export interface RunFile {
  readonly system: string;
  /** Absolute path of the module that exports the system. */
  readonly module: string;
  /** The system's folder; relative paths in the system are meant from here. */
  readonly folder: string;
  /** Where this run keeps its state, such as the console's store. */
  readonly stateFolder: string;
  /** The process's name: `order`, or `all` when everything runs in one. */
  readonly process: string;
  /** What it runs, in order: infrastructure services by their fixed names, then the system's. */
  readonly services: Readonly<Record<string, ServiceRun>>;
  readonly mode: 'development' | 'production' | 'test';
  readonly host: string;
  readonly registryUrl: string;
  readonly configUrl: string;
  readonly telemetryUrl: string;
  /** Public keys by service, the supervisor's under `supervisor`. */
  readonly peers: Readonly<Record<string, Jwk>>;
  /** For the registry: where it answers DNS, and for which domain. Absent without DNS answers. */
  readonly dns?: { readonly port: number; readonly zone: string };
  /** For the registry and the config server: passwords of the programs that are not of this system, by name. */
  readonly foreign?: Readonly<Record<string, string>>;
  /** For the config server: where configurations lie, the first before the others; every path is absolute. */
  readonly configPlaces?: readonly ConfigPlace[];
  /** For the config server: the addresses of the databases that its tables lie in, by their files. */
  readonly configDatabases?: Readonly<Record<string, string>>;
  /** For the config server: how changes get to those who run on them. */
  readonly rollOut?: RollOutPolicy;
  /** What names this run of the whole system. */
  readonly run?: string;
  /** Whether services read configuration beside the config server; the system knows what. */
  readonly hasConfigSources?: true;
  /** Whether a broker carries the bus of the configuration; the system knows which. */
  readonly hasBus?: true;
  /** The service that issues user tokens; its JWKS is at `/.well-known/jwks.json`. */
  readonly userIssuer?: string;
  /** For the console: the one-time token of the URL that `ready` prints. */
  readonly consoleToken?: string;
  /** Absolute path of the keys by which `{cipher}` values of the configuration are decrypted; there may be none. */
  readonly keyringFile: string;
}
