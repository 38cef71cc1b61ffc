import type { ManagementEndpoint } from '@dure/core';
import type { FastifyInstance } from 'fastify';
import type { Access } from '../contract/index.ts';
import { accessText, checkAccess } from '../contract/index.ts';

/** A route as the running router has it. */
export interface LiveRoute {
  readonly method: string;
  /** As in a contract; a last `*` is the rest. */
  readonly path: string;
  readonly access: Access;
  /** What answers: `stock.getStock`, or `stock` for a route beside its contract. */
  readonly handler: string;
}

/** What a route says of itself to the router. */
export type RouteConfig = Pick<LiveRoute, 'access' | 'handler'>;

/** Lists every route that a router takes from now on. SERVICE_ACCESS_INVALID at the first that does not say who may call. */
export function liveRoutes(app: FastifyInstance, service: string): readonly LiveRoute[] {
  const routes: LiveRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const { access, handler = service } = (config ?? {}) as Partial<RouteConfig>;
    for (const one of [method].flat()) {
      checkAccess(`${service}'s route ${one} ${url}`, access);
      routes.push({ method: one, path: url, access: access as Access, handler });
    }
  });
  return routes;
}

/** `/actuator/mappings`, in the shape of Spring Boot's for reactive handlers; `details.access` is ours. */
export function mappingsEndpoint(service: string, routes: readonly LiveRoute[]): ManagementEndpoint {
  return {
    id: 'mappings',
    handle: () => ({
      status: 200,
      contentType: 'application/vnd.spring-boot.actuator.v3+json',
      body: {
        contexts: { [service]: { mappings: { dispatcherHandlers: { webHandler: routes.map(shown) } } } },
      },
    }),
  };
}

function shown({ method, path, access, handler }: LiveRoute) {
  const pattern = path.replace(/:([^/]+)/g, '{$1}').replace(/\*$/, '**');
  return {
    predicate: `{${method} ${pattern}}`,
    handler,
    details: {
      requestMappingConditions: {
        methods: [method],
        patterns: [pattern],
        consumes: [],
        headers: [],
        params: [],
        produces: [],
      },
      access: accessText(access),
    },
  };
}
