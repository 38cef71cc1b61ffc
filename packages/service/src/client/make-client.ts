import type { Call, Handler, Identity } from '@dure/core';
import { isRefusal, userOf } from '@dure/core';
import type { AnyContract, HttpOperation } from '../contract/index.ts';
import type { Attempted, Client } from './client.ts';
import type { HttpTransport } from './http-transport.ts';
import type { OutboundLayers } from './outbound-layers.ts';

/** Where a service in the same host takes its calls. */
export interface LocalTarget {
  invoke(operation: string, input: unknown, call: Call): Promise<unknown>;
}

/** A client over the network: by name, through registry and balancer. */
export function httpClient<C extends AnyContract>(
  contract: C,
  layers: OutboundLayers,
  transport: HttpTransport,
): Client<C> {
  return build(contract, (operation) => layers.remote(transport.sender(operation)));
}

/** A client of a service in the same host: a function call behind the same layers and checks. */
export function localClient<C extends AnyContract>(
  contract: C,
  layers: OutboundLayers,
  caller: LocalCaller,
  target: () => LocalTarget,
): Client<C> {
  const scopes = caller.scopes(contract.name);
  return build(contract, (operation) =>
    layers.local(async (input, call) =>
      target().invoke(operation.name, plain(input), call.with({ identity: identityOf(caller.service, scopes, call) })),
    ),
  );
}

/** Who calls, where no token says it. */
export interface LocalCaller {
  readonly service: string;
  /** The scopes that the caller's token for that service would carry. */
  scopes(service: string): readonly string[];
}

function identityOf(service: string, scopes: readonly string[], call: Call): Identity {
  const user = userOf(call.identity);
  return { kind: 'service', subject: service, roles: [], scopes, ...(user === undefined ? {} : { onBehalfOf: user }) };
}

/** What would be left of the input after the network: nothing shared, nothing undefined. */
function plain(input: unknown): unknown {
  return input === undefined ? undefined : (JSON.parse(JSON.stringify(input)) as unknown);
}

function build<C extends AnyContract>(
  contract: C,
  handlerOf: (operation: HttpOperation) => Handler<unknown, unknown>,
): Client<C> {
  const client: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(contract.operations)) {
    const handler = handlerOf(operation);
    const run = (input: unknown, call: Call) =>
      handler(input, call.with({ operation, attempt: { number: 1, tried: [], ...budget(call) } }));
    client[name] = Object.assign(run, { attempt: (input: unknown, call: Call) => attempted(run(input, call)) });
  }
  return client as Client<C>;
}

function budget({ attempt }: Call): { readonly budgetLeft?: number } {
  return attempt.budgetLeft === undefined ? {} : { budgetLeft: attempt.budgetLeft };
}

async function attempted(answer: Promise<unknown>): Promise<Attempted<unknown, unknown>> {
  try {
    return { ok: true, value: await answer };
  } catch (error) {
    if (isRefusal(error)) return { ok: false, refusal: { code: error.code, data: error.data } };
    throw error;
  }
}
