import type { AnyContract, HttpOperation } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import type { RequestValidation } from '../protection/request-validation.ts';
import type { GatewayOptions } from './gateway-options.ts';

export type ValidationOf = (operation: HttpOperation) => RequestValidation;

/**
 * Which operations' requests are held against their contracts: of those whose contracts are here. What is known of an
 * operation by `follow` only has no schemas. GATEWAY_ROUTE_INVALID for an operation that there is not.
 */
export function validatedOperations({ exposes, session, validateRequests = false }: GatewayOptions): ValidationOf {
  const contracts: readonly AnyContract[] = session === undefined ? exposes : [...exposes, session.issuer];
  const known = new Set(contracts.flatMap(({ operations }) => Object.values(operations)));
  const byId = new Map(
    Object.entries(typeof validateRequests === 'object' ? validateRequests : { '*': validateRequests }),
  );
  const ids = new Set([...known].map(idOf));
  for (const id of byId.keys()) {
    if (id === '*' || ids.has(id)) continue;
    throw gatewayErrors.ROUTE_INVALID(
      `\`validateRequests\` names "${id}", which is no operation here; there are ${[...ids].join(', ')}`,
      { details: { id } },
    );
  }
  return (operation) => known.has(operation) && (byId.get(idOf(operation)) ?? byId.get('*') ?? false);
}

function idOf({ service, name }: HttpOperation): string {
  return `${service}.${name}`;
}
