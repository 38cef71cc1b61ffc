import type { Call } from '@dure/core';
import type { AnyContract, HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { InboundOptions } from './inbound-layers.ts';
import { inboundLayers } from './inbound-layers.ts';
import type { AnyHandler } from './service.ts';

/** A service's HTTP operations behind their inbound layers: what the listener and the callers in the same host share. */
export interface OperationSet {
  readonly operations: readonly HttpOperation[];
  /** Calls an operation. The input is not trusted: it is validated like one from the network. */
  invoke(name: string, input: unknown, call: Call): Promise<unknown>;
}

/** Puts the layers around the handlers. SERVICE_CONTRACT_INVALID when a handler is absent, or of no use. */
export function operationSet(
  contract: AnyContract,
  handlers: Readonly<Record<string, AnyHandler>>,
  options: InboundOptions,
): OperationSet {
  const layered = new Map<string, AnyHandler>();
  for (const [name, operation] of Object.entries(contract.operations)) {
    if (operation.spec.grpc !== undefined)
      throw serviceErrors.CONTRACT_INVALID(
        `${contract.name}.${name} is carried out by a gRPC server, which this service is not; leave out \`grpc\``,
        { details: { name } },
      );
    const handler = handlers[name];
    if (handler === undefined)
      throw serviceErrors.CONTRACT_INVALID(`${contract.name}.${name} has no handler`, { details: { name } });
    layered.set(name, inboundLayers(operation, options)(handler));
  }
  return {
    operations: Object.values(contract.operations),
    invoke(name, input, call) {
      const handler = layered.get(name);
      if (handler === undefined)
        return Promise.reject(serviceErrors.NOT_FOUND(`${contract.name} has no operation "${name}"`));
      return handler(input, call);
    },
  };
}
