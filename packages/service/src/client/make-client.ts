import type { Attempt, Call, Handler, Identity } from '@dure/core';
import { DureError, FallbackNotes, isDureError, isRefusal, stack, userOf } from '@dure/core';
import type { Bytes } from '../contract/bytes.ts';
import { bytesOf, isBytes } from '../contract/bytes.ts';
import type { CallPolicy } from '../contract/call-policy.ts';
import { addPolicies, noPolicies, policyOf } from '../contract/call-policy.ts';
import type { AnyContract, HttpOperation, HttpSpec } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { Attempted, Client } from './client.ts';
import { followed } from './followed.ts';
import type { HttpTransport } from './http-transport.ts';
import type { OutboundLayers } from './outbound-layers.ts';
import { pagesOf } from './pages.ts';

/** Where a service in the same host takes its calls. */
export interface LocalTarget {
  invoke(operation: string, input: unknown, call: Call): Promise<unknown>;
}

/**
 * A client over the network: by name, through registry and balancer. A contract with a base URL is called there, if the
 * balancer's instances know it (`withBaseUrls`). SERVICE_CONTRACT_INVALID for a method of gRPC.
 */
export function httpClient<C extends AnyContract>(
  contract: C,
  layers: OutboundLayers,
  transport: HttpTransport,
): Client<C> {
  return buildClient(contract, (operation, policy) => {
    if (operation.spec.grpc !== undefined)
      throw serviceErrors.CONTRACT_INVALID(
        `${contract.name}.${operation.name} is a method of gRPC, which only the gateway translates; leave it out: ${contract.name}.only(…)`,
      );
    const to = { baseUrl: contract.baseUrl, foreign: contract.foreign ?? false, headers: policy.headers };
    return layers.remote(operation, policy)(stack(...(policy.aroundAttempt ?? []))(transport.sender(operation, to)));
  });
}

/** A client of a service in the same host: a function call behind the same layers and checks. */
export function localClient<C extends AnyContract>(
  contract: C,
  layers: OutboundLayers,
  caller: LocalCaller,
  target: () => LocalTarget,
): Client<C> {
  const scopes = caller.scopes(contract.name);
  return buildClient(contract, (operation, policy) => {
    const invoke: Handler<unknown, unknown> = async (input, call) => {
      const identity = identityOf(caller.service, scopes, call);
      try {
        const fallbacks = new FallbackNotes();
        const inner = call.with({ identity, fallbacks });
        const output = await target().invoke(operation.name, withoutTies(operation.spec, input), inner);
        for (const note of fallbacks.all()) call.fallbacks.add(note);
        return output;
      } catch (error) {
        throw asFromOutside(error, operation);
      }
    };
    return layers.local(operation, policy)(stack(...(policy.aroundAttempt ?? []))(invoke));
  });
}

/** Who calls, where no token says it. */
export interface LocalCaller {
  readonly service: string;
  /** The scopes that the caller's token for that service would carry. */
  scopes(service: string): readonly string[];
}

const changed: unique symbol = Symbol('changed');

/**
 * The same client with other policies on top, for what is known only when the service starts; the contract's `with`
 * says the rest.
 *
 * @example
 * start: ({ config, uses }) => {
 *   const maps = adjusted(uses.maps, {}, { headers: () => ({ 'x-api-key': config.mapsKey }) });
 */
export function adjusted<C extends object>(
  client: C,
  operations: { readonly [Name in keyof C]?: CallPolicy },
  every: CallPolicy = {},
): C {
  return (client as C & Changeable<C>)[changed](operations, every);
}

interface Changeable<C> {
  readonly [changed]: (operations: Readonly<Record<string, CallPolicy | undefined>>, every: CallPolicy) => C;
}

/** Makes what a handler of an operation lies behind. */
export type HandlerOf = (operation: HttpOperation, policy: CallPolicy) => Handler<unknown, unknown>;

/** A client whose operations end at the handlers that `handlerOf` makes. */
export function buildClient<C extends AnyContract>(contract: C, handlerOf: HandlerOf): Client<C> {
  const { policies = noPolicies } = contract;
  const client: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(contract.operations))
    client[name] = clientOperation(operation, policyOf(policies, name), handlerOf);
  const change: Changeable<Client<C>>[typeof changed] = (operations, every) =>
    buildClient({ ...contract, policies: addPolicies(contract, policies, operations, every) }, handlerOf);
  return Object.defineProperty(client, changed, { value: change }) as Client<C>;
}

function clientOperation(declared: HttpOperation, policy: CallPolicy, handlerOf: HandlerOf): unknown {
  const operation = policy.timeoutMs === undefined ? declared : { ...declared, timeoutMs: policy.timeoutMs };
  const handler = stack(...(policy.aroundCall ?? []))(handlerOf(operation, policy));
  const { spec } = operation;
  const sentOnce = isBytes(spec.body) ? { ...operation, idempotent: false } : operation;
  const send = (input: unknown, call: Call) => {
    const mayRepeat = sentOnce === operation || (input as { body?: unknown }).body instanceof Uint8Array;
    return handler(
      input,
      call.with({ operation: mayRepeat ? operation : sentOnce, attempt: firstAttempt(call, policy.attempts) }),
    );
  };
  const run = follows(spec)
    ? async (input: unknown, call: Call) => following(spec, await send(input, call), call)
    : send;
  const attempt = (input: unknown, call: Call) => attempted(run(input, call));
  const { pages } = spec;
  if (pages === undefined) return Object.assign(run, { attempt });
  return Object.assign(run, {
    attempt,
    pages: (input: unknown, call: Call) => pagesOf(operation, pages, run, input, call),
  });
}

function follows({ stream, output }: HttpSpec): boolean {
  return stream === true || isBytes(output);
}

function following({ output: schema }: HttpSpec, output: unknown, call: Call): AsyncIterable<unknown> {
  if (!isBytes(schema)) return followed(output as AsyncIterable<unknown>, call);
  return bytesOf(followed(output as Bytes, call), output as Bytes);
}

const first: Attempt = { number: 1, tried: [] };

function firstAttempt({ attempt: { budgetLeft } }: Call, attempts: number | undefined): Attempt {
  if (budgetLeft === undefined && attempts === undefined) return first;
  const most = attempts === undefined ? Number.POSITIVE_INFINITY : attempts - 1;
  return { number: 1, tried: [], budgetLeft: Math.min(budgetLeft ?? most, most) };
}

function identityOf(service: string, scopes: readonly string[], call: Call): Identity {
  const user = userOf(call.identity);
  return { kind: 'service', subject: service, roles: [], scopes, ...(user === undefined ? {} : { onBehalfOf: user }) };
}

/** What would be left of the input after the network: nothing shared, nothing undefined; bytes flow as they are. */
export function withoutTies({ body }: HttpSpec, input: unknown): unknown {
  if (input === undefined || input === null) return input;
  if (!isBytes(body)) return JSON.parse(JSON.stringify(input)) as unknown;
  const { body: bytes, ...rest } = input as { readonly body?: unknown };
  return { ...(JSON.parse(JSON.stringify(rest)) as object), body: bytes };
}

/** Which instance a service in this process failed to reach, and whether it sent anything there, is not its caller's affair. */
function asFromOutside(error: unknown, { service, name }: HttpOperation): unknown {
  if (!isDureError(error) || !('instance' in error.details || 'sent' in error.details)) return error;
  const { code, kind, message, retryable } = error;
  return new DureError(code, kind, message, { cause: error, retryable, details: { operation: `${service}.${name}` } });
}

async function attempted(answer: Promise<unknown>): Promise<Attempted<unknown, unknown>> {
  try {
    return { ok: true, value: await answer };
  } catch (error) {
    if (isRefusal(error)) return { ok: false, refusal: { code: error.code, data: error.data } };
    throw error;
  }
}
