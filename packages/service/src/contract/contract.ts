import type { Operation, SchemaInput, SchemaOutput } from '@dure/core';
import { defaultTimeoutMs, Refusal } from '@dure/core';
import type { AnyCommand, AnyEvent, ClaimSpec, RefusalSpecs, Upcasts, WithUpcast } from '@dure/messaging';
import { serviceErrors } from '../errors.ts';
import { checkAccess } from './access.ts';
import type { CallPolicies, CallPolicy, TargetPolicy } from './call-policy.ts';
import { addPolicies, noPolicies } from './call-policy.ts';
import { checkFallback } from './check-fallback.ts';
import { checkName, checkRoute } from './check-route.ts';
import { exposedOperations } from './exposed-command.ts';
import type {
  AnySchema,
  Bindings,
  CheckedFallback,
  CheckedPages,
  CommandBinding,
  ExposeSpec,
  HttpBinding,
  HttpOperation,
  HttpSpec,
  Method,
  NamedCommand,
} from './operation-spec.ts';

type HttpOperations<B extends Bindings> = {
  readonly [Name in keyof B & string as B[Name] extends HttpBinding ? Name : never]: B[Name] extends HttpBinding<
    infer S
  >
    ? HttpOperation<S>
    : never;
};
type Commands<B extends Bindings> = {
  readonly [Name in keyof B & string as B[Name] extends CommandBinding ? Name : never]: B[Name] extends CommandBinding<
    infer S
  >
    ? NamedCommand<Name, S>
    : never;
};
type RefusalsOf<B> = B extends { readonly spec: { readonly refuses: infer R extends RefusalSpecs } }
  ? R
  : Record<never, never>;
type DataSchema<R> = R extends { readonly data: infer D } ? D : never;
type Refuse<B extends Bindings> = {
  readonly [Name in keyof B & string]: {
    readonly [Code in keyof RefusalsOf<B[Name]> & string]: (
      data: SchemaInput<DataSchema<RefusalsOf<B[Name]>[Code]>>,
    ) => Refusal<Code, SchemaOutput<DataSchema<RefusalsOf<B[Name]>[Code]>>>;
  };
};

/** A service's contract: all that others may know of it. A value, from which types, routes and documents follow. */
export interface Contract<Service extends string = string, B extends Bindings = Bindings> {
  readonly name: Service;
  readonly bindings: B;
  /** The operations that are called over HTTP, by name. */
  readonly operations: HttpOperations<B>;
  /** The operations that are sent as messages, by name. */
  readonly commands: Commands<B>;
  /** The events that the service emits. */
  readonly emits: readonly AnyEvent[];
  /** Makes the declared refusals: `throw inventory.refuse.reserve.OutOfStock({ … })`. */
  readonly refuse: Refuse<B>;
  /** The same contract with some of its operations only, for exposing part of it at the edge. */
  only<Name extends keyof B & string>(...names: readonly Name[]): Contract<Service, Pick<B, Name>>;
  /** Where it is found when no registry tells. */
  readonly baseUrl: string | undefined;
  /** It is not a Dure service: its errors are told by their status, and nothing of ours but the trace is sent to it. */
  readonly foreign: boolean;
  /** How whoever holds this value calls it. */
  readonly policies: CallPolicies;
  /**
   * The same contract, called differently here: some operations, and all of them by the second argument.
   *
   * @example
   * uses: { inventory: inventory.with({ getStock: { timeoutMs: 200, attempts: 1 } }) }
   */
  with(
    operations: { readonly [Name in keyof HttpOperations<B>]?: CallPolicy },
    every?: TargetPolicy,
  ): Contract<Service, B>;
  /** The same contract at a fixed address, such as `https://api.example.com/v1`, looked up in no registry. */
  at(baseUrl: string): Contract<Service, B>;
}

/** Any contract, where its operations' types do not matter. */
export interface AnyContract {
  readonly name: string;
  readonly operations: Readonly<Record<string, HttpOperation>>;
  readonly commands: Readonly<Record<string, AnyCommand>>;
  readonly emits: readonly AnyEvent[];
  readonly baseUrl?: string | undefined;
  readonly foreign?: boolean;
  readonly policies?: CallPolicies;
}

/** What a contract says beside its operations. */
export interface ContractOptions {
  readonly emits?: readonly AnyEvent[];
  /** Where it is found when no registry tells: scheme, host, port and path. */
  readonly baseUrl?: string | undefined;
  /** It is not a Dure service. Default false. */
  readonly foreign?: boolean;
}

/**
 * Declares a contract. Names and paths are checked at once: SERVICE_CONTRACT_INVALID.
 *
 * @example
 * export const inventory = contract('inventory', {
 *   getStock: get('/stock/:sku', { params: z.object({ sku: z.string() }), output: Stock, access: 'public' }),
 *   reserve: command({ input: Reservation, key: (r) => r.orderId }),
 * });
 */
export function contract<const Service extends string, const B extends Bindings>(
  name: Service,
  bindings: B,
  options: ContractOptions = {},
): Contract<Service, B> {
  return contractWith(name, bindings, options, noPolicies);
}

function contractWith<const Service extends string, const B extends Bindings>(
  name: Service,
  bindings: B,
  options: ContractOptions,
  policies: CallPolicies,
): Contract<Service, B> {
  checkName('service', name);
  checkBaseUrl(name, options.baseUrl);
  const operations: Record<string, HttpOperation> = {};
  const commands: Record<string, unknown> = {};
  const refuse: Record<string, Record<string, (data: unknown) => Refusal>> = {};
  const seen = new Map<string, string>();
  for (const [operation, binding] of Object.entries(bindings)) {
    checkName('operation', operation);
    refuse[operation] = refusalMakers(name, operation, binding.spec.refuses ?? {});
    if (binding.kind === 'command') commands[operation] = namedCommand(name, operation, binding);
    const reached = binding.kind === 'command' ? exposedOperations(operation, binding) : { [operation]: binding };
    for (const [over, http] of Object.entries(reached)) {
      checkAccess(`${name}.${over}`, http.spec.access);
      checkRoute(name, over, http, seen);
      const made = { ...http, ...describe(name, over, http) };
      checkFallback(made);
      operations[over] = made;
    }
  }
  const made: Contract<Service, B> = {
    name,
    bindings,
    operations: operations as Contract<Service, B>['operations'],
    commands: commands as Contract<Service, B>['commands'],
    emits: options.emits ?? [],
    refuse: refuse as unknown as Contract<Service, B>['refuse'],
    only: (...names) => contractWith(name, pick(bindings, names), options, policies),
    baseUrl: options.baseUrl,
    foreign: options.foreign ?? false,
    policies,
    with: (byOperation, every = {}) =>
      contractWith(name, bindings, options, addPolicies({ name, operations }, policies, byOperation, every)),
    at: (baseUrl) => contractWith(name, bindings, { ...options, baseUrl }, policies),
  };
  for (const operation of Object.values(operations)) contracts.set(operation, made);
  return made;
}

const contracts = new WeakMap<HttpOperation, AnyContract>();

/** The contract that an operation was taken from, with the policies and the address of that very value. */
export function contractOf(operation: HttpOperation): AnyContract | undefined {
  return contracts.get(operation);
}

/** A read. */
export const get = binding('GET');
/** A creation, or anything else that is not idempotent by nature. */
export const post = binding('POST');
/** A replacement: idempotent by nature. */
export const put = binding('PUT');
/** A partial change. */
export const patch = binding('PATCH');
/** A removal: idempotent by nature. */
export const remove = binding('DELETE');

/** An operation that is sent as a message and carried out in one transaction with the sender's position. */
export function command<
  I extends AnySchema,
  const Rest extends CommandAnswers,
  const Version extends number = 1,
  U = Upcasts,
>(
  spec: Rest & {
    readonly input: I;
    /** Of the input. From 2 on, `upcast` says how the input of each earlier version becomes that of the next. */
    readonly version?: Version;
    readonly sensitive?: readonly string[];
    /** Its input may be as long as 64 Mi characters as JSON when another service sends it. Default: 1 Mi. */
    readonly large?: boolean;
    /** Commands with the same key are carried out in the order in which they were sent. */
    readonly key: (input: SchemaOutput<I>) => string;
    /** Lets it be sent from outside: as a POST that is answered 202 with the place of its outcome. Default: other services only. */
    readonly expose?: ExposeSpec;
    /** What it claims for its saga until that ends; another saga waits, or is refused with `Busy`. Default: nothing. */
    readonly claims?: ClaimSpec<SchemaOutput<I>>;
  } & WithUpcast<U, Version, SchemaInput<I>>,
): CommandBinding<{ readonly input: I; readonly output: Rest['output']; readonly refuses: RefusalsIn<Rest> }> {
  const { key, ...rest } = spec;
  return { kind: 'command', spec: rest as never, key };
}

interface CommandAnswers {
  readonly output?: AnySchema;
  readonly refuses?: RefusalSpecs;
}
type RefusalsIn<Rest extends CommandAnswers> = Rest extends { readonly refuses: infer R extends RefusalSpecs }
  ? R
  : Record<never, never>;

function binding(method: Method) {
  return <const S extends HttpSpec>(path: string, spec: S & CheckedPages<S> & CheckedFallback<S>): HttpBinding<S> => ({
    kind: 'http',
    method,
    path,
    spec,
  });
}

function describe(service: string, name: string, { method, spec }: HttpBinding): Operation {
  return {
    service,
    name,
    idempotent: spec.idempotent ?? (method === 'GET' || method === 'PUT' || method === 'DELETE'),
    cost: spec.cost ?? 1,
    sensitive: spec.sensitive ?? [],
    timeoutMs: spec.timeoutMs ?? defaultTimeoutMs,
  };
}

function namedCommand(service: string, name: string, { spec, key }: CommandBinding): AnyCommand {
  return {
    kind: 'command',
    service,
    name,
    input: spec.input,
    output: spec.output,
    refuses: spec.refuses ?? {},
    sensitive: spec.sensitive ?? [],
    key,
    claims: spec.claims,
    version: spec.version ?? 1,
    ...(spec.upcast === undefined ? {} : { upcasts: spec.upcast }),
    ...(spec.large === true ? { large: true } : {}),
  };
}

function refusalMakers(
  service: string,
  operation: string,
  refuses: RefusalSpecs,
): Record<string, (data: unknown) => Refusal> {
  return Object.fromEntries(
    Object.entries(refuses).map(([code, { status }]) => [
      code,
      (data: unknown) => new Refusal({ service, operation, code, data, status }),
    ]),
  );
}

function pick<B extends Bindings, Name extends keyof B & string>(bindings: B, names: readonly Name[]): Pick<B, Name> {
  const kept: Partial<Record<Name, B[Name]>> = {};
  for (const name of names) kept[name] = bindings[name];
  return kept as Pick<B, Name>;
}

function checkBaseUrl(name: string, baseUrl: string | undefined): void {
  if (baseUrl === undefined) return;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    throw serviceErrors.CONTRACT_INVALID(
      `${name}: the base URL "${baseUrl}" is not one such as "https://api.example.com/v1", without query or credentials`,
    );
}
