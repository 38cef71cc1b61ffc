import { dividedRateLimits, memoryRateLimits } from '@dure/resilience';
import type { AnyContract } from '@dure/service/contract';
import { contract, isExposable, openApi } from '@dure/service/contract';
import type { ServiceDefinition, StartContext } from '@dure/service/server';
import { service } from '@dure/service/server';
import { edgeVerifier } from '../access/edge-verifier.ts';
import { forwardedIdentity } from '../access/internal-identity.ts';
import { compressed } from '../compression/compressed.ts';
import { ClientPlaces } from '../engine/client-places.ts';
import type { ObserveExchange } from '../engine/exchange-view.ts';
import { openProxyListener } from '../engine/open-proxy-listener.ts';
import { proxyEngine } from '../engine/proxy-engine.ts';
import { requestHandler } from '../engine/request-handler.ts';
import { listenerTls } from '../engine/tls-certificate.ts';
import { openAccessLog } from '../observe/access-log.ts';
import { explanations } from '../observe/explanations.ts';
import { apiKey } from '../protection/api-key.ts';
import { cors } from '../protection/cors.ts';
import type { LiveRateLimits } from '../protection/live-rate-limits.ts';
import { liveRateLimits } from '../protection/live-rate-limits.ts';
import { operationPolicy } from '../protection/rate-limit-policy.ts';
import { rateLimitsSection } from '../protection/rate-limits-section.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import { openUpstreamTls } from '../upstream/upstream-tls.ts';
import { compiledRoute } from './compiled-route.ts';
import type { Edge } from './edge.ts';
import { edgeRoutes } from './edge-routes.ts';
import { gatewayEndpoint } from './gateway-endpoint.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { openRoutes } from './open-routes.ts';
import { ownAddresses } from './own-addresses.ts';
import { protocolSettings } from './protocol-options.ts';
import type { SpringGateway, SpringSection, SpringSource } from './spring-part.ts';
import { followSpringSection, openSpringPart, springSection } from './spring-part.ts';
import { staticFiles } from './static-files.ts';
import { demandUsed } from './upstream-trust.ts';
import { withUrls } from './url-instances.ts';
import { validatedOperations } from './validated-operations.ts';

/**
 * The system's edge: one streaming reverse proxy whose routes are the exposed operations of contracts. Starting fails with
 * GATEWAY_ROUTE_CONFLICT, GATEWAY_PROTOCOL_INVALID, GATEWAY_SESSION_INVALID, GATEWAY_ISSUERS_INVALID,
 * IDENTITY_ISSUER_INVALID or GATEWAY_STOREFRONT_MISSING.
 *
 * @example
 * gatewayService({ exposes: [user, product, inventory.only('getStock')], session: { issuer: user, signIn: 'signIn' } });
 */
export function gatewayService(options: GatewayOptions): ServiceDefinition {
  const { spring } = options;
  const routes = spring === undefined || spring.load !== undefined ? undefined : springSection(spring);
  return service({
    contract: contract('gateway', {}),
    sections: [rateLimitsSection, ...(routes === undefined ? [] : [routes])],
    start: async (context) => {
      await startGateway(options, context, routes);
      return {};
    },
  });
}

type GatewayContext = Pick<
  StartContext<unknown, Record<never, never>, unknown>,
  'add' | 'clock' | 'ids' | 'platform' | 'random' | 'settings' | 'telemetry'
>;

async function startGateway(
  options: GatewayOptions,
  context: GatewayContext,
  springRoutes: SpringSection | undefined,
): Promise<void> {
  const { add, clock, ids, platform, random, telemetry } = context;
  const { signer, workers = () => 1 } = platform;
  const instances = withUrls(platform.instances);
  const { exposes, session, storefront, info = { title: 'gateway', version: '1' } } = options;
  const log = options.accessLog === undefined ? undefined : await openAccessLog(options.accessLog, clock);
  if (log !== undefined) add.onStop(() => log.close());
  const explained = explanations(clock);
  const observe: ObserveExchange = (exchange, status, tookMs) => {
    explained.observe(exchange, status, tookMs);
    log?.observe(exchange, status, tookMs);
  };
  const upstreamTls = await openUpstreamTls(options.upstreamTls ?? {}, { clock, telemetry });
  add.onStop(() => upstreamTls.close());
  const settings = { policies: options, limits: options.limits, ...protocolSettings(options), observe, upstreamTls };
  const engine = proxyEngine('gateway', settings, { clock, random, ids, telemetry, instances, workers });
  const verifier = edgeVerifier(options, platform.verifier, { clock, telemetry });
  const rateLimits = openRateLimits(options, context);
  const edge: Edge = {
    ...engine,
    verifier,
    clients: new ClientPlaces(() => engine.shareOf(engine.limits.maxRequestsPerClient)),
    identity: forwardedIdentity(signer, options.identity),
    rateLimits,
    contractDrift: options.contractDrift ?? 0,
    validationOf: validatedOperations(options),
    compression: options.compression === undefined ? undefined : compressed(options.compression),
    apiKey: options.apiKeys === undefined ? undefined : apiKey(options.apiKeys),
    cors: options.cors === undefined ? undefined : cors(options.cors),
  };
  const tools = { clock, random, telemetry, rateLimits };
  const { set, close } = openRoutes(options, { tools, instances, signer, translate: await translation(exposes) });
  add.onStop(close);
  const routes = edgeRoutes(set, (rule) => compiledRoute(edge, rule), clock.now);
  const { dispatch } = routes;
  await openSpring(options.spring, springRoutes, { set, tools: { ...tools, signer }, dispatch }, context);
  rateLimits.tellUnknown();
  const services = knownServices(options);
  demandUsed(options.upstreamTls ?? {}, set.table.rules, services);
  const own = ownAddresses(edge, {
    routes,
    session,
    openApi: openApi(exposes.map(exposedPart), info),
    storefront: storefront === undefined ? undefined : await staticFiles(storefront),
  });
  for (const endpoint of engine.policies.endpoints) add.endpoint(endpoint);
  add.health(engine.policies.health);
  add.endpoint(gatewayEndpoint({ set, stages: routes.stages, instances, services, explained }));
  const handle = requestHandler(edge, (arrived) => (routes.start(arrived) ? undefined : own.answer(arrived)));
  const secured = await listenerTls(options.tls, { clock, telemetry });
  add.listener((bind) => openProxyListener(edge, handle, bind, secured));
}

/** Limits are counted here unless somebody else does, and the configuration may change them. */
function openRateLimits(options: GatewayOptions, context: GatewayContext): LiveRateLimits {
  const { add, clock, platform, random, settings, telemetry } = context;
  const { workers = () => 1 } = platform;
  const store = options.rateLimits ?? dividedRateLimits(memoryRateLimits({ clock, random }), workers);
  const names = limitNames(options.exposes);
  const limits = liveRateLimits(store, { overrides: settings(rateLimitsSection), log: telemetry.log, names });
  add.onStop(limits.close);
  return limits;
}

/** Routes in Spring's form come from the gateway's configuration, or from where the options say. */
async function openSpring(
  source: SpringSource | undefined,
  section: SpringSection | undefined,
  gateway: SpringGateway,
  { add, settings }: GatewayContext,
): Promise<void> {
  if (section !== undefined) {
    add.onStop(followSpringSection(section, settings(section), gateway).close);
  } else if (source !== undefined) {
    const part = openSpringPart(source, gateway);
    add.onStop(part.close);
    await part.first;
  }
}

/** The names of the rate limits that contracts declare. */
function limitNames(exposes: readonly AnyContract[]): readonly string[] {
  const operations = exposes.flatMap((one) => Object.values(one.operations));
  return operations.flatMap((operation) => operationPolicy(operation)?.name ?? []);
}

/** The services that the options name. */
export function knownServices({ exposes, follow = [], session }: GatewayOptions): readonly string[] {
  const issuers = session === undefined ? [] : [session.issuer.name];
  return [...new Set([...exposes.map(({ name }) => name), ...follow, ...issuers])];
}

/** What translates to gRPC, read only when a contract asks for it: the library costs 40 ms of a processor at the start. */
export async function translation(exposes: readonly AnyContract[]): Promise<(rule: RouteRule) => RouteRule> {
  const isBound = exposes.some(({ operations }) =>
    Object.values(operations).some(({ spec }) => spec.grpc !== undefined),
  );
  return isBound ? (await import('./grpc-rule.ts')).grpcRule() : (rule) => rule;
}

/** What of a contract the outside may know. */
function exposedPart({ name, operations }: AnyContract): AnyContract {
  const exposed = Object.entries(operations).filter(([, { spec }]) => isExposable(spec.access));
  return { name, operations: Object.fromEntries(exposed), commands: {}, emits: [] };
}
