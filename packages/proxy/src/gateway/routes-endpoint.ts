import type { InstanceList } from '@dure/balancer';
import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import type { Access } from '@dure/service/contract';
import type { Route, RouteTable } from './route-table.ts';

/**
 * `/actuator/gateway`: `routes` and `routes/{id}` in the shape of Spring Cloud Gateway, and `instances`, which lists the
 * instances that the gateway sees by service.
 */
export function routesEndpoint(
  table: RouteTable,
  instances: InstanceList,
  services: readonly string[],
): ManagementEndpoint {
  const routes = table.routes.map(shown);
  return {
    id: 'gateway',
    handle({ method, path }): ManagementResponse {
      if (method !== 'GET') return { status: 405 };
      const [what, id, ...rest] = path;
      if (rest.length > 0) return { status: 404 };
      if (what === undefined) return { status: 200, body: links };
      if (what === 'instances' && id === undefined) return { status: 200, body: seen(instances, services) };
      if (what !== 'routes') return { status: 404 };
      if (id === undefined) return { status: 200, body: routes };
      const route = routes.find(({ route_id }) => route_id === id);
      return route === undefined ? { status: 404 } : { status: 200, body: route };
    },
  };
}

const links = [
  { href: '/actuator/gateway/routes', methods: ['GET'] },
  { href: '/actuator/gateway/instances', methods: ['GET'] },
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

function accessText(access: Access): string {
  if (typeof access === 'string') return access;
  return 'role' in access ? `role ${access.role}` : `scope ${access.scope}`;
}
