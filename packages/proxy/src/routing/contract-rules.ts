import type { Access, AnyContract, HttpOperation } from '@dure/service/contract';
import { isExposable } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import { parsePathPattern } from './path-pattern.ts';
import type { NamedLayer, RouteRule } from './route-rule.ts';

/** Layers of routes beside those that every route has, by the route's id (`order.getOrder`); outermost first. */
export type LayersByRoute = Readonly<Record<string, readonly NamedLayer[]>>;

export interface ContractRulesOptions {
  /** Paths that belong to the gateway itself. */
  readonly ownPaths?: readonly string[];
  readonly layers?: LayersByRoute;
}

/**
 * A route for each operation of contracts that users may call; its id and its source are `order.getOrder`. Operations for
 * services only are left out. GATEWAY_ROUTE_CONFLICT when one is at an address of the gateway itself.
 */
export function contractRules(
  contracts: readonly AnyContract[],
  { ownPaths = [], layers = {} }: ContractRulesOptions = {},
): readonly RouteRule[] {
  return contracts.flatMap(({ operations }) =>
    Object.values(operations)
      .filter(({ spec }) => isExposable(spec.access))
      .map((operation) => {
        const { service, name, method, path } = operation;
        const id = `${service}.${name}`;
        if (ownPaths.includes(path)) {
          throw gatewayErrors.ROUTE_CONFLICT(
            `${id} and the gateway itself both answer ${method} ${path}; give the operation another path, or do not expose it`,
            { details: { id, method, path } },
          );
        }
        return operationRule(operation, { layers: (Object.hasOwn(layers, id) ? layers[id] : undefined) ?? [] });
      }),
  );
}

/** The route to an operation; at another path or for others than its contract says, if that is said. */
export function operationRule(
  operation: HttpOperation,
  {
    path,
    access,
    layers = [],
  }: { readonly path?: string; readonly access?: Access; readonly layers?: readonly NamedLayer[] } = {},
): RouteRule {
  const { service, name, method, timeoutMs, spec } = operation;
  const id = `${service}.${name}`;
  return {
    id: path === undefined ? id : `${id} at ${path}`,
    order: 0,
    match: { paths: [parsePathPattern(path ?? operation.path)], methods: [method] },
    to: { kind: 'service', service },
    access: access ?? spec.access,
    layers,
    timeoutMs,
    metadata: {},
    operation,
    source: id,
  };
}
