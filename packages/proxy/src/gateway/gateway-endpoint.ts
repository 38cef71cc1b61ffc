import type { InstanceList } from '@dure/balancer';
import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import { accessText } from '@dure/service/contract';
import type { Explanations } from '../observe/explanations.ts';
import type { Route, RouteTable } from './route-table.ts';

export interface GatewayEndpointOptions {
  readonly table: RouteTable;
  readonly instances: InstanceList;
  readonly services: readonly string[];
  readonly explained: Explanations;
}

/**
 * `/actuator/gateway`: `routes` and `routes/{id}` in the shape of Spring Cloud Gateway; `instances`, which lists the
 * instances that the gateway sees by service; `requests` and `requests/{id}`, why the last requests were answered so.
 */
export function gatewayEndpoint({ table, instances, services, explained }: GatewayEndpointOptions): ManagementEndpoint {
  const routes = table.routes.map(shown);
  const found = (body: unknown): ManagementResponse => (body === undefined ? { status: 404 } : { status: 200, body });
  const one = new Map<string, (id: string) => unknown>([
    ['routes', (id) => routes.find(({ route_id }) => route_id === id)],
    ['requests', (id) => explained.find(id)],
  ]);
  const all = new Map<string, () => unknown>([
    ['routes', () => routes],
    ['instances', () => seen(instances, services)],
    ['requests', () => explained.last(100)],
  ]);
  return {
    id: 'gateway',
    handle({ method, path }) {
      if (method !== 'GET') return { status: 405, allow: 'GET' };
      const [what, id, ...rest] = path;
      if (rest.length > 0) return { status: 404 };
      if (what === undefined) return { status: 200, body: links };
      return found(id === undefined ? all.get(what)?.() : one.get(what)?.(id));
    },
  };
}

const links = [
  { href: '/actuator/gateway/routes', methods: ['GET'] },
  { href: '/actuator/gateway/instances', methods: ['GET'] },
  { href: '/actuator/gateway/requests', methods: ['GET'] },
];

function seen(instances: InstanceList, services: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(services.map((service) => [service, instances.instances(service).map(({ id }) => id)]));
}

function shown({ service, operation, method, template, access }: Route) {
  return {
    route_id: `${service}.${operation.name}`,
    uri: `lb://${service}`,
    order: 0,
    predicate: `(Paths: [${template.replace(/:([^/]+)/g, '{$1}')}], match trailing slash: false && Methods: [${method}])`,
    filters: [] as readonly string[],
    metadata: { access: accessText(access), 'response-timeout': operation.timeoutMs },
  };
}
