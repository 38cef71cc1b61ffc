import type { Clock, Random } from '@dure/core';
import type { RateLimitStore } from '@dure/resilience';
import { memoryRateLimits } from '@dure/resilience';
import type { AnyContract, HttpOperation, OpenApiInfo } from '@dure/service/contract';
import { contract, isExposable, openApi } from '@dure/service/contract';
import type { ServiceDefinition, StartContext } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { EdgeIdentityOptions } from '../access/edge-verifier.ts';
import { edgeVerifier } from '../access/edge-verifier.ts';
import { forwardedIdentity } from '../access/internal-identity.ts';
import type { ObserveExchange } from '../engine/exchange-view.ts';
import type { ProxyLimits } from '../engine/limits.ts';
import { openProxyListener } from '../engine/open-proxy-listener.ts';
import { proxyEngine } from '../engine/proxy-engine.ts';
import type { PolicyOptions } from '../engine/proxy-policies.ts';
import { requestHandler } from '../engine/request-handler.ts';
import { gatewayErrors } from '../errors.ts';
import type { AccessLogOptions } from '../observe/access-log.ts';
import { openAccessLog } from '../observe/access-log.ts';
import { explanations } from '../observe/explanations.ts';
import type { CorsOptions } from '../protection/cors.ts';
import { cors, preflightMethod } from '../protection/cors.ts';
import type { LayersByRoute } from '../routing/contract-rules.ts';
import { contractRules, operationRule } from '../routing/contract-rules.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import { RouteSet } from '../routing/route-set.ts';
import { compiledRoute } from './compiled-route.ts';
import { followDeployed } from './deployed-operations.ts';
import type { Edge } from './edge.ts';
import { edgeRoutes } from './edge-routes.ts';
import { gatewayEndpoint } from './gateway-endpoint.ts';
import { ownAddresses, ownPaths } from './own-addresses.ts';
import type { SessionOptions } from './session.ts';
import { staticFiles } from './static-files.ts';
import { askOperations } from './transport.ts';
import { withUrls } from './url-instances.ts';

/** What layers may need that only a running gateway has. */
export interface EdgeTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Who keeps account of rate limits. */
  readonly rateLimits: RateLimitStore;
}

/** What `gateway.ts` says of a system's edge, beside what follows from its contracts. */
export interface GatewaySettings extends PolicyOptions {
  /** Routes beside those of the contracts; see `route`. */
  readonly routes?: readonly RouteRule[] | ((tools: EdgeTools) => readonly RouteRule[]);
  /** What stands before routes beside what every route has, by id (`order.getOrder`); GATEWAY_ROUTE_INVALID for an unknown one. */
  readonly layers?: LayersByRoute | ((tools: EdgeTools) => LayersByRoute);
  /**
   * Services whose operations can be reached as soon as all their instances have them, also those that no contract here
   * knows: a new operation needs no new gateway. Operations for services stay inside.
   */
  readonly follow?: readonly string[];
  /** Changes to the default limits. */
  readonly limits?: Partial<ProxyLimits>;
  /** Where a line for each request goes. Default: nowhere. */
  readonly accessLog?: AccessLogOptions;
  /** Which pages of other origins may use the exposed operations. Default: none. */
  readonly cors?: CorsOptions;
  /** Who keeps account of the rate limits that contracts declare. Default: the gateway itself, in memory. */
  readonly rateLimits?: RateLimitStore;
  /** TLS ends before the gateway: cookies are `Secure`, services hear `https`. Default false. */
  readonly secure?: boolean;
}

export interface GatewayOptions extends GatewaySettings, EdgeIdentityOptions {
  /** The contracts whose public, user, role and user-scope operations can be reached from outside. */
  readonly exposes: readonly AnyContract[];
  /** How browsers stay signed in; without it there is no `/session`. */
  readonly session?: SessionOptions;
  /** The folder of a built web application, served at `/`. */
  readonly storefront?: string;
  /** What stands at the head of the document at `/openapi.json`. Default: title `gateway`, version `1`. */
  readonly info?: OpenApiInfo;
}

/**
 * The system's edge: one streaming reverse proxy whose routes are the exposed operations of contracts. Starting fails with
 * GATEWAY_ROUTE_CONFLICT, GATEWAY_SESSION_INVALID, GATEWAY_ISSUERS_INVALID, IDENTITY_ISSUER_INVALID or GATEWAY_STOREFRONT_MISSING.
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
  const { signer } = platform;
  const instances = withUrls(platform.instances);
  const { exposes, session, storefront, info = { title: 'gateway', version: '1' } } = options;
  const log = options.accessLog === undefined ? undefined : await openAccessLog(options.accessLog, clock);
  if (log !== undefined) add.onStop(() => log.close());
  const explained = explanations(clock);
  const observe: ObserveExchange = (exchange, status, tookMs) => {
    explained.observe(exchange, status, tookMs);
    log?.observe(exchange, status, tookMs);
  };
  const settings = { policies: options, limits: options.limits, secure: options.secure ?? false, observe };
  const engine = proxyEngine('gateway', settings, { clock, random, ids, telemetry, instances });
  const verifier = edgeVerifier(options, platform.verifier, { clock, telemetry });
  const rateLimits = options.rateLimits ?? memoryRateLimits({ clock, random });
  const edge: Edge = {
    ...engine,
    verifier,
    identity: forwardedIdentity(signer, options.identity),
    rateLimits,
    cors: options.cors === undefined ? undefined : cors(options.cors),
  };
  const set = new RouteSet(parts, { random });
  const tools = { clock, random, telemetry, rateLimits };
  const layers = demandKnown(givenBy(options.layers ?? {}, tools), exposes);
  set.replace('contracts', contractRules(exposes, { ownPaths: ownPaths(session), layers }));
  set.replace('gateway.ts', givenBy(options.routes ?? [], tools));
  const { follow = [] } = options;
  if (follow.length > 0) {
    const known = new Set(exposes.flatMap(({ operations }) => Object.values(operations).map(operationId)));
    const ask = askOperations(signer);
    const following = followDeployed({ services: follow, instances, ask, clock, log: telemetry.log }, (operations) => {
      const unknown = operations.filter((one) => isExposable(one.spec.access) && !known.has(operationId(one)));
      set.replace(
        'deployed',
        unknown.map((one) => operationRule(one)),
      );
    });
    add.onStop(following.close);
  }
  const routes = edgeRoutes(set, (rule) => compiledRoute(edge, rule), clock.now);
  const own = ownAddresses(edge, {
    routes,
    session,
    openApi: openApi(exposes.map(exposedPart), info),
    storefront: storefront === undefined ? undefined : await staticFiles(storefront),
  });
  const services = [
    ...exposes.map(({ name }) => name),
    ...follow,
    ...(session === undefined ? [] : [session.issuer.name]),
  ];
  for (const endpoint of engine.policies.endpoints) add.endpoint(endpoint);
  add.health(engine.policies.health);
  add.endpoint(gatewayEndpoint({ set, instances, services: [...new Set(services)], explained }));
  const handle = requestHandler(edge, (arrived) => {
    const { method = '' } = arrived.request;
    const asked = edge.cors === undefined ? undefined : preflightMethod(method, arrived.head);
    return routes.start(arrived, asked ?? method) ? undefined : own.answer(arrived);
  });
  add.listener((bind) => openProxyListener(edge, handle, bind));
}

/** In their order of definition. */
const parts = ['contracts', 'deployed', 'gateway.ts'] as const;

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

/** What of a contract the outside may know. */
function exposedPart({ name, operations }: AnyContract): AnyContract {
  const exposed = Object.entries(operations).filter(([, { spec }]) => isExposable(spec.access));
  return { name, operations: Object.fromEntries(exposed), commands: {}, emits: [] };
}
