import type { RateLimitStore } from '@dure/resilience';
import type { AnyContract, OpenApiInfo } from '@dure/service/contract';
import type { EdgeIdentityOptions } from '../access/edge-verifier.ts';
import type { ProxyLimits } from '../engine/limits.ts';
import type { PolicyOptions } from '../engine/proxy-policies.ts';
import type { AccessLogOptions } from '../observe/access-log.ts';
import type { ApiKeyOptions } from '../protection/api-key.ts';
import type { CorsOptions } from '../protection/cors.ts';
import type { RequestValidation } from '../protection/request-validation.ts';
import type { LayersByRoute } from '../routing/contract-rules.ts';
import type { RouteRule } from '../routing/route-rule.ts';
import type { UpstreamTlsByService } from '../upstream/upstream-tls.ts';
import type { EdgeTools } from './edge-tools.ts';
import type { ProtocolOptions } from './protocol-options.ts';
import type { SessionOptions } from './session.ts';
import type { SpringSource } from './spring-part.ts';

/** What `gateway.ts` says of a system's edge, beside what follows from its contracts. */
export interface GatewaySettings extends PolicyOptions, ProtocolOptions {
  /** Routes beside those of the contracts; see `route`. */
  readonly routes?: readonly RouteRule[] | ((tools: EdgeTools) => readonly RouteRule[]);
  /** What stands before routes beside what every route has, by id (`order.getOrder`); GATEWAY_ROUTE_INVALID for an unknown one. */
  readonly layers?: LayersByRoute | ((tools: EdgeTools) => LayersByRoute);
  /**
   * Services whose operations can be reached as soon as all their instances have them, also those that no contract here
   * knows: a new operation needs no new gateway. Operations for services stay inside.
   */
  readonly follow?: readonly string[];
  /** Routes in the form of Spring Cloud Gateway, from its own configuration. Default: none. */
  readonly spring?: SpringSource;
  /** How much of the services' answers is held against their contracts in the background, 0 to 1; see `contractDrift`. Default 0. */
  readonly contractDrift?: number;
  /**
   * Whether requests for operations of the contracts here are held against them before the service is asked; `shadow`
   * forwards them all, and tells. By the operation's id (`order.getOrder`), if not the same for all; `*` for all others.
   * See `requestValidation`. Default false.
   */
  readonly validateRequests?: RequestValidation | Readonly<Record<string, RequestValidation>>;
  /** Changes to the default limits. */
  readonly limits?: Partial<ProxyLimits>;
  /**
   * How services that speak TLS are trusted: those that register so, and routes to `https:` URLs. Default: their certificates
   * must be for the host's name and signed by an authority that Node.js knows.
   */
  readonly upstreamTls?: UpstreamTlsByService;
  /** Where a line for each request goes. Default: nowhere. */
  readonly accessLog?: AccessLogOptions;
  /** Keys by which programs prove who they are, in place of a token. Default: none. */
  readonly apiKeys?: ApiKeyOptions;
  /** Which pages of other origins may use the exposed operations. Default: none. */
  readonly cors?: CorsOptions;
  /**
   * Who keeps account of the rate limits that contracts declare. Default: the gateway itself, in memory; each of several
   * processes on one port takes its share of every limit.
   */
  readonly rateLimits?: RateLimitStore;
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
