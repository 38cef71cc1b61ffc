import type { InstanceList } from '@dure/balancer';
import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import { accessText } from '@dure/service/contract';
import type { Explanations } from '../observe/explanations.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';

export interface GatewayEndpointOptions {
  readonly set: RouteSet;
  readonly instances: InstanceList;
  readonly services: readonly string[];
  readonly explained: Explanations;
}

/**
 * `/actuator/gateway`: `routes` and `routes/{id}` in the shape of Spring Cloud Gateway; `instances`, which lists the
 * instances that the gateway sees by service; `requests` and `requests/{id}`, why the last requests were answered so.
 */
export function gatewayEndpoint({ set, instances, services, explained }: GatewayEndpointOptions): ManagementEndpoint {
  const found = (body: unknown): ManagementResponse => (body === undefined ? { status: 404 } : { status: 200, body });
  const one = new Map<string, (id: string) => unknown>([
    ['routes', (id) => shownIfAny(set.table.get(id))],
    ['requests', (id) => explained.find(id)],
  ]);
  const all = new Map<string, () => unknown>([
    ['routes', () => set.table.rules.map(shown)],
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

function shownIfAny(rule: RouteRule | undefined) {
  return rule === undefined ? undefined : shown(rule);
}

function shown({ id, order, match, to, access, layers, timeoutMs, metadata }: RouteRule) {
  const methods = match.methods === undefined ? '' : ` && Methods: [${match.methods.join(', ')}]`;
  const paths = (match.paths ?? []).map(({ text }) => text.replace(/:([^/]+)/g, '{$1}')).join(', ');
  return {
    route_id: id,
    uri: to.kind === 'service' ? `lb://${to.service}` : to.kind === 'url' ? to.url : 'no://op',
    order,
    predicate: `(Paths: [${paths}], match trailing slash: false${methods})`,
    filters: layers.map(({ text }, index) => `[[${text}], order = ${index + 1}]`),
    metadata: {
      ...metadata,
      access: accessText(access),
      ...(timeoutMs === undefined ? {} : { 'response-timeout': timeoutMs }),
    },
  };
}
