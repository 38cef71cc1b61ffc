import type { InstanceList } from '@dure/balancer';
import type {
  Call,
  Clock,
  Handler,
  HealthCheck,
  Ids,
  Live,
  ManagementEndpoint,
  Random,
  Schema,
  SchemaOutput,
  Section,
  Settings,
} from '@dure/core';
import type { Flag, Flags } from '@dure/flags';
import type { AnyCommand, AnyEvent, AskedCommand, CommandInput, CommandOutput, Flow } from '@dure/messaging';
import type { Logger, Telemetry } from '@dure/telemetry';
import type { Client } from '../client/client.ts';
import type { TokenSigner } from '../client/token-signer.port.ts';
import type { AnyContract, HandlerInput, HandlerOutput, HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { AdmissionLimits } from './admission-section.ts';
import type { HttpRoute } from './http-route.ts';
import type { LiveRoute } from './live-route.ts';
import type { Reaction } from './reaction.ts';
import type { Resource } from './resource.port.ts';
import type { TokenVerifier } from './token-verifier.port.ts';
import type { UserTokenIssuer } from './user-token-issuer.port.ts';

/** The handlers that a contract demands: one for each operation, none can be forgotten. */
export type Handlers<C extends AnyContract, Tx> = {
  readonly [Name in keyof C['operations'] | keyof C['commands']]: Name extends keyof C['commands']
    ? CommandHandler<CommandInput<C['commands'][Name]>, CommandOutput<C['commands'][Name]>, Tx>
    : Name extends keyof C['operations']
      ? C['operations'][Name] extends HttpOperation<infer S>
        ? Handler<HandlerInput<S>, HandlerOutput<S>>
        : never
      : never;
};

/** Carries out a command inside the transaction that also stores the sender's position and the reply. */
export type CommandHandler<In, Out, Tx> = (input: In, call: Call, tx: Tx) => Promise<Out>;

/** A saga as far as the service's definition needs to know it; made by `@dure/saga`. */
export interface SagaDefinition {
  readonly kind: 'saga';
  readonly name: string;
  readonly version: number;
  /** Names, kinds and commands of its steps: what instances are pinned to. */
  readonly shape: string;
  /** The commands it sends, by which the host knows whose replies to pull. */
  readonly sends: readonly AnyCommand[];
  /** The events it waits for. */
  readonly waits: readonly AnyEvent[];
}

/** A job as far as the service's definition needs to know it; made by `@dure/jobs`. */
export interface JobDefinition<Tx = never> {
  readonly kind: 'job';
  readonly name: string;
  /** Takes the transaction of a chunk in its context. */
  readonly run: (context: { readonly tx: Tx } & JobSurroundings, state: never) => Promise<unknown>;
}

/** What a job is given beside its transaction. */
interface JobSurroundings {
  readonly call: Call;
  readonly args: never;
  readonly at: number;
  readonly log: Logger;
}

/** A projection as far as the service's definition needs to know it; made by `@dure/event-sourcing`. */
export interface ProjectionDefinition {
  readonly kind: 'projection';
  readonly name: string;
}

/** Clients of the services that are used, and the commands that are asked, by the names given in `uses`. */
export type Clients<U> = {
  readonly [Name in keyof U]: U[Name] extends AnyContract
    ? Client<U[Name]>
    : U[Name] extends AnyCommand
      ? AskedCommand<U[Name]>
      : never;
};

/** What a service may use of others: a contract, whose operations it calls, or a command, which it asks through the log. */
export type Usable = AnyContract | AnyCommand;

/** Adds what a contract does not describe. */
export interface Additions {
  route(route: HttpRoute): void;
  health(check: HealthCheck): void;
  endpoint(endpoint: ManagementEndpoint): void;
  /** Runs when the service stops, after its last request; the last added runs first. */
  onStop(close: () => Promise<void> | void): void;
  /** Answers the API port by a listener of its own in place of the framework's, as the gateway does. */
  listener(open: OpenListener): void;
}

/** Opens a listener where it is told. */
export type OpenListener = (bind: Bind) => Promise<Listener>;

/** Where a listener listens. */
export interface Bind {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /**
   * Node.js's handle of a socket that is bound to host and port already, in place of opening one: several processes accept
   * on it, and it outlives each. A listener takes connections as soon as it has it.
   */
  readonly socket?: Promise<object>;
}

export interface Listener {
  readonly port: number;
  /** What it answers, for `/actuator/mappings`; undefined when it is not the framework's and shows that itself. */
  readonly routes?: readonly LiveRoute[];
  /** Takes no new request, lets those in flight end for at most `graceMs`, then closes. */
  close(graceMs: number): Promise<void>;
}

/** What a service is given when it starts. */
export interface StartContext<Config, U, Db> {
  /** Decoded, complete and immutable: what it was at the start. */
  readonly config: Config;
  /** The configuration as it is now: read `current` once for each piece of work, and no change can tear it. */
  readonly live: Live<Config>;
  /** The feature flags that it lists. */
  readonly flags: Flags;
  /** What the configuration says in the sections that it lists. */
  readonly settings: Settings;
  readonly uses: Clients<U>;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly add: Additions;
  /** What calls travel by; services use their clients instead, the gateway and its like need it. */
  readonly platform: Platform;
}

/** What the host gives to everything it runs. */
export interface Platform {
  readonly instances: InstanceList;
  readonly signer: TokenSigner;
  readonly verifier: TokenVerifier;
  /** Present only for the service that the system names as the issuer of user tokens. */
  readonly userTokens?: UserTokenIssuer;
  /** How many processes take connections on this service's port at the moment, and share its limits. Default: one. */
  readonly workers?: () => number;
}

/** What a service is: its contract, what it needs, and how it starts. */
export interface ServiceSpec<
  C extends AnyContract,
  Config extends Schema<unknown, unknown>,
  U extends Readonly<Record<string, Usable>>,
  R extends Resource,
> {
  readonly contract: C;
  /** The schema of its configuration. */
  readonly config?: Config;
  /** The feature flags that it asks for; their rules are checked with its configuration. */
  readonly flags?: readonly Flag<unknown>[];
  /** Parts of the configuration beside its own, as a gateway has them. */
  readonly sections?: readonly Section[];
  /** The contracts of the only services that it can call, and the commands of others that it asks: `inventory.commands.reserve`. */
  readonly uses?: U;
  /**
   * What its instances say of themselves in the registry; balancers heed `version`, `zone` and `weight`, the gateway's canary
   * the `version`. Default: `{ version: '1' }`.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * How many calls over the network it works on at once, whatever they are, before it refuses more: RESILIENCE_OVERLOADED, 503
   * with `Retry-After`. Default: between 20 and 1 000, as many as it answers in good time. `'off'`: it takes all. The
   * configuration's `dure.admission` stands above it.
   */
  readonly admission?: AdmissionLimits | 'off';
  readonly database?: R;
  readonly reactions?: readonly Reaction<TxOf<R>>[];
  readonly sagas?: readonly SagaDefinition[];
  readonly jobs?: readonly JobDefinition<TxOf<R>>[];
  /** Tables that are made of the service's own events. */
  readonly projections?: readonly ProjectionDefinition[];
  /** The flows that it answers for: it watches over them, and says when one has stalled. */
  readonly flows?: readonly Flow[];
  /** Returns the handlers of every operation and command. */
  readonly start: (
    context: StartContext<SchemaOutput<Config>, U, DbOf<R>>,
  ) => Handlers<C, TxOf<R>> | Promise<Handlers<C, TxOf<R>>>;
}

type DbOf<R> = R extends Resource<infer Db, unknown> ? Db : never;
type TxOf<R> = R extends Resource<unknown, infer Tx> ? Tx : never;

/** A service, defined and not yet started. */
export interface ServiceDefinition {
  readonly kind: 'service';
  readonly contract: AnyContract;
  readonly config: Schema<unknown, unknown> | undefined;
  readonly flags: readonly Flag<unknown>[];
  readonly sections: readonly Section[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly uses: Readonly<Record<string, AnyContract>>;
  /** The commands that it asks, by the names given in `uses`. */
  readonly asks: Readonly<Record<string, AnyCommand>>;
  readonly admission: AdmissionLimits | 'off';
  readonly database: Resource | undefined;
  readonly reactions: readonly Reaction[];
  readonly sagas: readonly SagaDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly projections: readonly ProjectionDefinition[];
  readonly flows: readonly Flow[];
  readonly start: (
    context: StartContext<unknown, Readonly<Record<string, AnyContract>>, unknown>,
  ) => Promise<Readonly<Record<string, AnyHandler>>>;
}

/** A handler whose types the contract has already checked. */
export type AnyHandler = (input: unknown, call: Call, tx?: unknown) => Promise<unknown>;

/**
 * Defines a service. Nothing runs yet. SERVICE_REACTION_NAME_TAKEN.
 *
 * @example
 * export const productService = service({
 *   contract: product,
 *   database: migrations(import.meta.dirname),
 *   start: ({ db }) => ({ getProduct: async ({ params }) => … }),
 * });
 */
export function service<
  C extends AnyContract,
  Config extends Schema<unknown, unknown> = Schema<unknown, unknown>,
  const U extends Readonly<Record<string, Usable>> = Record<never, never>,
  R extends Resource = Resource<undefined, undefined>,
>(spec: ServiceSpec<C, Config, U, R>): ServiceDefinition {
  const start = spec.start as unknown as ServiceDefinition['start'];
  const reactions = (spec.reactions ?? []) as unknown as readonly Reaction[];
  demandOwnNames(spec.contract.name, reactions);
  return {
    kind: 'service',
    contract: spec.contract,
    config: spec.config,
    flags: spec.flags ?? [],
    sections: spec.sections ?? [],
    metadata: { version: '1', ...spec.metadata },
    uses: only(spec.uses, (used): used is AnyContract => !isCommand(used)),
    asks: only(spec.uses, isCommand),
    admission: spec.admission ?? {},
    database: spec.database,
    reactions,
    sagas: spec.sagas ?? [],
    flows: spec.flows ?? [],
    jobs: (spec.jobs ?? []) as unknown as readonly JobDefinition[],
    projections: spec.projections ?? [],
    start: async (context) => start(context),
  };
}

function demandOwnNames(service: string, reactions: readonly Reaction[]): void {
  const names = reactions.map(({ name }) => name);
  const taken = names.find((name, at) => names.indexOf(name) !== at);
  if (taken === undefined) return;
  throw serviceErrors.REACTION_NAME_TAKEN(
    `"${service}" has two reactions named "${taken}"; give one a \`name\` of its own`,
    {
      details: { service, name: taken },
    },
  );
}

function only<T extends Usable>(
  uses: Readonly<Record<string, Usable>> = {},
  is: (used: Usable) => used is T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(uses).flatMap(([name, used]) => (is(used) ? [[name, used]] : [])));
}

function isCommand(used: Usable): used is AnyCommand {
  return 'kind' in used && used.kind === 'command';
}
