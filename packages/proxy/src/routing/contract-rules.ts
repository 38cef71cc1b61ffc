import type { AnyContract } from '@dure/service/contract';
import { isExposable } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import { parsePathPattern } from './path-pattern.ts';
import type { RouteRule } from './route-rule.ts';

/**
 * A route for each operation of contracts that users may call; its id and its source are `order.getOrder`. Operations for
 * services only are left out. GATEWAY_ROUTE_CONFLICT when one is at an address of the gateway itself.
 */
export function contractRules(
  contracts: readonly AnyContract[],
  ownPaths: readonly string[] = [],
): readonly RouteRule[] {
  return contracts.flatMap(({ name: service, operations }) =>
    Object.values(operations)
      .filter(({ spec }) => isExposable(spec.access))
      .map(({ name, method, path, timeoutMs, spec }) => {
        const id = `${service}.${name}`;
        if (ownPaths.includes(path)) {
          throw gatewayErrors.ROUTE_CONFLICT(
            `${id} and the gateway itself both answer ${method} ${path}; give the operation another path, or do not expose it`,
            { details: { id, method, path } },
          );
        }
        return {
          id,
          order: 0,
          match: { paths: [parsePathPattern(path)], methods: [method] },
          to: { kind: 'service', service },
          access: spec.access,
          layers: [],
          timeoutMs,
          metadata: {},
          source: id,
        } satisfies RouteRule;
      }),
  );
}
