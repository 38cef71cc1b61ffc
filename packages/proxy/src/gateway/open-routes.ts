import type { InstanceList } from '@dure/balancer';
import type { TokenSigner } from '@dure/service/client';
import type { AnyContract, HttpOperation } from '@dure/service/contract';
import { isExposable } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import type { LayersByRoute } from '../routing/contract-rules.ts';
import { contractRules, operationRule } from '../routing/contract-rules.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import { RouteSet } from '../routing/route-set.ts';
import { followDeployed } from './deployed-operations.ts';
import type { EdgeTools } from './edge-tools.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { ownPaths } from './own-addresses.ts';
import { askOperations } from './transport.ts';
import { webSocketRule } from './web-socket-rule.ts';

/** The parts of the routes, in their order of definition. */
const parts = ['contracts', 'deployed', 'gateway.ts', 'spring'] as const;

export interface RouteSources {
  readonly tools: EdgeTools;
  readonly instances: InstanceList;
  readonly signer: TokenSigner;
  /** Lets the routes to operations of another protocol translate. */
  readonly translate: (rule: RouteRule) => RouteRule;
}

/**
 * Gathers a gateway's routes from all that says them, and follows what changes. GATEWAY_ROUTE_INVALID and
 * GATEWAY_ROUTE_CONFLICT when those that are known at the start cannot be used.
 */
export function openRoutes(
  { exposes, session, follow = [], ...options }: GatewayOptions,
  { tools, instances, signer, translate }: RouteSources,
): { readonly set: RouteSet; close(): void } {
  const { clock, random, telemetry } = tools;
  const set = new RouteSet(parts, { random });
  const layers = demandKnown(givenBy(options.layers ?? {}, tools), exposes);
  const rules = contractRules(exposes, { ownPaths: ownPaths(session), layers });
  set.replace('contracts', rules.map(webSocketRule(options.webSockets ?? [])).map(translate));
  set.replace('gateway.ts', givenBy(options.routes ?? [], tools));
  const known = new Set(exposes.flatMap(({ operations }) => Object.values(operations).map(operationId)));
  const ask = askOperations(signer);
  const { close } = followDeployed({ services: follow, instances, ask, clock, log: telemetry.log }, (operations) => {
    const unknown = operations.filter((one) => isExposable(one.spec.access) && !known.has(operationId(one)));
    set.replace(
      'deployed',
      unknown.map((one) => operationRule(one)),
    );
  });
  return { set, close };
}

function operationId({ service, name }: HttpOperation): string {
  return `${service}.${name}`;
}

function givenBy<T>(given: T | ((tools: EdgeTools) => T), tools: EdgeTools): T {
  return typeof given === 'function' ? (given as (tools: EdgeTools) => T)(tools) : given;
}

function demandKnown(layers: LayersByRoute, contracts: readonly AnyContract[]): LayersByRoute {
  const known = contractRules(contracts).map(({ id }) => id);
  const unknown = Object.keys(layers).find((id) => !known.includes(id));
  if (unknown === undefined) return layers;
  throw gatewayErrors.ROUTE_INVALID(
    `\`layers\` names "${unknown}", which is no exposed operation; there are ${known.join(', ')}`,
    { details: { id: unknown } },
  );
}
