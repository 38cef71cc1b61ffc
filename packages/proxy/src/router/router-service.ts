import type { HealthCheck, ManagementEndpoint } from '@dure/core';
import { contract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { ProxyLimits } from '../engine/limits.ts';
import { defaultLimits } from '../engine/limits.ts';
import { openProxyListener } from '../engine/open-proxy-listener.ts';
import { proxyEngine } from '../engine/proxy-engine.ts';
import type { PolicyOptions } from '../engine/proxy-policies.ts';
import { requestHandler } from '../engine/request-handler.ts';
import type { Destinations } from './destinations.ts';
import { destinations } from './destinations.ts';
import { routeByName } from './route-by-name.ts';

export interface RouterOptions extends PolicyOptions {
  /** The services that exist: without an instance they are 503 and not 404. Any other is known while it has instances. */
  readonly services?: readonly string[];
  /** How long an answer may take to begin, in milliseconds. Default 30 000; more is 504. */
  readonly timeoutMs?: number;
  /** Changes to the default limits, which are the gateway's. All callers share one address here. */
  readonly limits?: Partial<ProxyLimits>;
}

const name = 'router';

/**
 * Discovery and balancing for programs that know no Dure: `http://127.0.0.1:<port>/order/orders/7` reaches an instance
 * of `order` as `/orders/7`. It listens on the loopback address whatever host it is given, adds no token and takes none
 * away, and answers neither pages of other origins nor names that are not this machine's (GATEWAY_NOT_LOCAL).
 *
 * @example
 * routerService({ services: ['user', 'product', 'order'] });
 */
export function routerService(options: RouterOptions = {}): ServiceDefinition {
  return service({
    contract: contract(name, {}),
    start: ({ add, clock, ids, platform: { instances }, random, telemetry }) => {
      const { services = [], timeoutMs = 30_000 } = options;
      const limits = { maxConnectionsPerClient: defaultLimits.maxConnections, ...options.limits };
      const tools = { clock, random, ids, telemetry, instances };
      const engine = proxyEngine(name, { policies: options, limits, secure: false, inward: true }, tools);
      const known = destinations({ instances, services, self: name, timeoutMs });
      add.onStop(() => known.close());
      for (const endpoint of engine.policies.endpoints) add.endpoint(endpoint);
      add.health(engine.policies.health);
      add.health(sawAll(services, (one) => instances.instances(one).length > 0));
      add.endpoint(routerEndpoint(known, (one) => instances.instances(one).map(({ id }) => id)));
      const handle = requestHandler(engine, (arrived) => routeByName(engine, known, arrived));
      add.listener(({ host, port }) => openProxyListener(engine, handle, { host: loopbackOf(host), port }));
      return {};
    },
  });
}

/** Ready once every named service has been seen; what goes away later makes the router no less ready. */
function sawAll(services: readonly string[], isSeen: (service: string) => boolean): HealthCheck {
  const missing = new Set(services);
  return {
    name: 'instancesSeen',
    groups: ['readiness'],
    check() {
      for (const service of missing) if (isSeen(service)) missing.delete(service);
      return missing.size === 0
        ? { status: 'UP' }
        : { status: 'OUT_OF_SERVICE', details: { missing: [...missing].sort() } };
    },
  };
}

/** `/actuator/router`: the instances that the router sees, by service. */
function routerEndpoint(known: Destinations, seen: (service: string) => readonly string[]): ManagementEndpoint {
  return {
    id: name,
    handle({ method, path }) {
      if (method !== 'GET') return { status: 405, allow: 'GET' };
      if (path.length > 0) return { status: 404 };
      return { status: 200, body: Object.fromEntries(known.names().map((one) => [one, seen(one)])) };
    },
  };
}

function loopbackOf(host: string): string {
  return host === '::1' ? host : '127.0.0.1';
}
