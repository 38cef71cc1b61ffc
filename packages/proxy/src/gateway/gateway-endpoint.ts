import type { InstanceList } from '@dure/balancer';
import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import { accessText } from '@dure/service/contract';
import type { Explanations } from '../observe/explanations.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';
import type { ActuatorRoute } from '../spring/actuator-views.ts';
import {
  actuatorFilters,
  actuatorRoute,
  actuatorRouteFilters,
  actuatorRoutePredicates,
} from '../spring/actuator-views.ts';
import type { EdgeRoutes } from './edge-routes.ts';

export interface GatewayEndpointOptions {
  readonly set: RouteSet;
  readonly stages: EdgeRoutes['stages'];
  readonly instances: InstanceList;
  readonly services: readonly string[];
  readonly explained: Explanations;
}

type View = (id: string) => unknown;

/**
 * `/actuator/gateway`. In the shape of Spring Cloud Gateway: `routes`, `routes/{id}`, `routes/{id}/combinedfilters`,
 * `globalfilters`, `routefilters`, `routepredicates`. Beside them `instances`, those that the gateway sees by service, and
 * `requests`, `requests/{id}`, why the last requests were answered so. It only reads: routes change where they are written.
 */
export function gatewayEndpoint(options: GatewayEndpointOptions): ManagementEndpoint {
  const views = viewsOf(options);
  const links = [...views.keys()]
    .filter((path) => !path.includes('{id}'))
    .map((path) => ({ href: `/actuator/gateway/${path}`, methods: ['GET'] }));
  return {
    id: 'gateway',
    handle({ method, path }): ManagementResponse {
      if (method !== 'GET') return { status: 405, allow: 'GET' };
      const [what, id = '', ...rest] = path;
      if (what === undefined) return { status: 200, body: links };
      const view = views.get([what, ...(path.length > 1 ? ['{id}'] : []), ...rest].join('/'));
      const body = view?.(id);
      return body === undefined ? { status: 404 } : { status: 200, body };
    },
  };
}

function viewsOf({ set, stages, instances, services, explained }: GatewayEndpointOptions): ReadonlyMap<string, View> {
  const ofRoute = (show: (rule: RouteRule) => unknown) => (id: string) => {
    const rule = set.table.get(id);
    return rule === undefined ? undefined : show(rule);
  };
  return new Map<string, View>([
    ['routes', () => set.table.rules.map(shown)],
    ['routes/{id}', ofRoute(shown)],
    ['routes/{id}/combinedfilters', ofRoute((rule) => actuatorFilters(stages(rule)))],
    ['globalfilters', () => actuatorFilters(stages(bareRoute))],
    ['routefilters', actuatorRouteFilters],
    ['routepredicates', actuatorRoutePredicates],
    ['instances', () => seen(instances, services)],
    ['requests', () => explained.last(100)],
    ['requests/{id}', (id) => explained.find(id)],
  ]);
}

/** What a route meets that asks for nothing. */
const bareRoute: RouteRule = {
  id: 'any',
  order: 0,
  match: {},
  to: { kind: 'none' },
  access: 'public',
  layers: [],
  metadata: {},
  source: 'gateway',
};

function seen(instances: InstanceList, services: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(services.map((service) => [service, instances.instances(service).map(({ id }) => id)]));
}

/** As Spring shows it, with who may use it and how long it may take. */
function shown(rule: RouteRule): ActuatorRoute {
  const { access, timeoutMs } = rule;
  const said = timeoutMs === undefined ? {} : { 'response-timeout': timeoutMs };
  const view = actuatorRoute(rule);
  return { ...view, metadata: { ...view.metadata, access: accessText(access), ...said } };
}
