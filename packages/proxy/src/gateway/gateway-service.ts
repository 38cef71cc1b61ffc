import { balancer } from '@dure/balancer';
import type { AnyContract, OpenApiInfo } from '@dure/service/contract';
import { contract, isExposable, openApi } from '@dure/service/contract';
import type { ServiceDefinition, StartContext } from '@dure/service/server';
import { service } from '@dure/service/server';
import { deadlines } from '../http/deadlines.ts';
import { upstreamPool } from '../upstream/upstream-pool.ts';
import type { Edge, Underway } from './edge.ts';
import { edgeHandler } from './edge-handler.ts';
import { openEdgeListener } from './edge-listener.ts';
import { edgeMeters } from './edge-meters.ts';
import type { GatewayLimits } from './limits.ts';
import { defaultLimits } from './limits.ts';
import { ownAddresses, ownPaths } from './own-addresses.ts';
import { routeTable } from './route-table.ts';
import { routesEndpoint } from './routes-endpoint.ts';
import type { SessionOptions } from './session.ts';
import { staticFiles } from './static-files.ts';

export interface GatewayOptions {
  /** The contracts whose public, user and role operations can be reached from outside. */
  readonly exposes: readonly AnyContract[];
  /** How browsers stay signed in; without it there is no `/session`. */
  readonly session?: SessionOptions;
  /** The folder of a built web application, served at `/`. */
  readonly storefront?: string;
  /** What stands at the head of the document at `/openapi.json`. Default: title `gateway`, version `1`. */
  readonly info?: OpenApiInfo;
  /** Changes to the default limits. */
  readonly limits?: Partial<GatewayLimits>;
  /** TLS ends before the gateway: cookies are `Secure`, services hear `https`. Default false. */
  readonly secure?: boolean;
}

/**
 * The system's edge: one streaming reverse proxy whose routes are the exposed operations of contracts. Starting fails with
 * GATEWAY_ROUTE_CONFLICT, GATEWAY_SESSION_INVALID or GATEWAY_STOREFRONT_MISSING.
 *
 * @example
 * gatewayService({ exposes: [user, product, inventory.only('getStock')], session: { issuer: user, signIn: 'signIn' } });
 */
export function gatewayService(options: GatewayOptions): ServiceDefinition {
  return service({
    contract: contract('gateway', {}),
    start: async (context) => {
      await startGateway(options, context);
      return {};
    },
  });
}

type GatewayContext = Pick<
  StartContext<unknown, Record<never, never>, unknown>,
  'add' | 'clock' | 'ids' | 'platform' | 'random' | 'telemetry'
>;

async function startGateway(options: GatewayOptions, context: GatewayContext): Promise<void> {
  const { add, clock, ids, platform, random, telemetry } = context;
  const { instances, verifier } = platform;
  const { exposes, session, storefront, info = { title: 'gateway', version: '1' } } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const table = routeTable(exposes, ownPaths(session));
  const pool = upstreamPool({ clock, instances, maxConnections: limits.maxUpstreamConnections });
  const edge: Edge = {
    clock,
    ids,
    telemetry,
    meters: edgeMeters(telemetry),
    verifier,
    balancer: balancer({ instances, clock, random }),
    pool,
    table,
    limits,
    underway: deadlines<Underway>(clock),
    secure: options.secure ?? false,
  };
  const own = ownAddresses(edge, {
    session,
    openApi: openApi(exposes.map(exposedPart), info),
    storefront: storefront === undefined ? undefined : await staticFiles(storefront),
  });
  const services = [...exposes.map(({ name }) => name), ...(session === undefined ? [] : [session.issuer.name])];
  telemetry.metrics.gauge('dure_gateway_in_flight', 'Requests under way', () => edge.underway.items.length);
  telemetry.metrics.gauge('dure_gateway_upstream_connections', 'Connections to instances', () => pool.size);
  add.endpoint(routesEndpoint(table, instances, [...new Set(services)]));
  add.listener((bind) => openEdgeListener(edge, edgeHandler(edge, own), bind));
}

/** What of a contract the outside may know. */
function exposedPart({ name, operations }: AnyContract): AnyContract {
  const exposed = Object.entries(operations).filter(([, { spec }]) => isExposable(spec.access));
  return { name, operations: Object.fromEntries(exposed), commands: {}, emits: [] };
}
