import type { ServerResponse } from 'node:http';
import type { Balancer, InstanceList } from '@dure/balancer';
import { balancer } from '@dure/balancer';
import type { Clock, Ids, Random } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Deadlines, Waiting } from '../http/deadlines.ts';
import { deadlines } from '../http/deadlines.ts';
import type { ReadOrigin } from '../http/trusted-proxies.ts';
import type { Http2Sessions } from '../upstream/http2-sessions.ts';
import { http2Sessions } from '../upstream/http2-sessions.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import { upstreamPool } from '../upstream/upstream-pool.ts';
import type { UpstreamTls } from '../upstream/upstream-tls.ts';
import { usualTls } from '../upstream/upstream-tls.ts';
import type { Destination } from './destination.ts';
import type { ExchangeView, ObserveExchange } from './exchange-view.ts';
import type { ProxyLimits } from './limits.ts';
import { defaultLimits } from './limits.ts';
import type { ProxyMeters } from './proxy-meters.ts';
import { proxyMeters } from './proxy-meters.ts';
import type { PolicyOptions, ProxyPolicies } from './proxy-policies.ts';
import { proxyPolicies } from './proxy-policies.ts';

/** An exchange under way. */
export interface Underway extends Waiting {
  /** Ends it if it is a stream of events, which would not end by itself. */
  endStream(): void;
  /** Whether this is what it answers with. */
  answers(response: ServerResponse): boolean;
  /** What is left of the request is not well-formed: it is answered with the error, if no answer has begun. */
  breakOff(error: unknown): void;
}

/** An exchange as meters see it, too. */
type Ended = ExchangeView & { readonly destination: Destination };

/** What every request through one proxy shares, whatever decides where it goes. */
export interface ProxyEngine {
  /** The proxy's own name: `gateway`, `router`. */
  readonly name: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly meters: ProxyMeters;
  readonly instances: InstanceList;
  readonly random: Random;
  readonly balancer: Balancer;
  readonly pool: UpstreamPool;
  /** For destinations that speak gRPC. */
  readonly http2: Http2Sessions;
  readonly policies: ProxyPolicies;
  readonly limits: ProxyLimits;
  /** This process's part of what all workers on the port may have together. */
  readonly shareOf: (whole: number) => number;
  /** Every exchange under way. */
  readonly underway: Deadlines<Underway>;
  /** Says `https` to the services: TLS ends before the proxy. */
  readonly secure: boolean;
  /** Its clients belong to the system, and may hear the names of operations. */
  readonly inward: boolean;
  /** Passes on `103 Early Hints`. */
  readonly earlyHints: boolean;
  /** What the proxy calls itself in `Via`. */
  readonly via: string;
  /** What proxies that are trusted say of where a request comes from. */
  readonly readOrigin: ReadOrigin | undefined;
  /** An exchange has ended. */
  readonly observe: (exchange: Ended, status: number, tookMs: number) => void;
  /** Hears of requests that became no exchange. */
  readonly tell: ObserveExchange;
}

export interface EngineOptions {
  readonly policies: PolicyOptions;
  readonly limits: Partial<ProxyLimits> | undefined;
  readonly secure: boolean;
  /** Default false. */
  readonly inward?: boolean;
  readonly earlyHints?: boolean | undefined;
  readonly via?: string | undefined;
  readonly readOrigin?: ReadOrigin | undefined;
  readonly observe?: ObserveExchange;
  /** Default: whom Node.js trusts. */
  readonly upstreamTls?: UpstreamTls;
}

export interface EngineTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly instances: InstanceList;
  /** How many processes share the port. Default: one. */
  readonly workers?: () => number;
}

/** Makes the engine of one proxy; it has no timers while nothing is under way. Its listener closes what it holds. */
export function proxyEngine(name: string, options: EngineOptions, tools: EngineTools): ProxyEngine {
  const { clock, random, ids, telemetry, instances, workers = () => 1 } = tools;
  const limits = { ...defaultLimits, ...options.limits };
  const underway = deadlines<Underway>(clock);
  const meters = proxyMeters(name, telemetry);
  const shareOf = (whole: number) => Math.ceil(whole / workers());
  const { upstreamTls: tls = usualTls, observe: tell = nobodyHears } = options;
  const maxConnections = () => shareOf(limits.maxUpstreamConnections);
  const pool = upstreamPool({ clock, instances, maxConnections, tls });
  telemetry.metrics.gauge(`dure_${name}_in_flight`, 'Requests under way', () => underway.items.length);
  telemetry.metrics.gauge(`dure_${name}_upstream_connections`, 'Connections to instances', () => pool.size);
  return {
    name,
    clock,
    ids,
    telemetry,
    meters,
    instances,
    random,
    balancer: balancer({ instances, clock, random }),
    pool,
    http2: http2Sessions(instances, tls),
    policies: proxyPolicies(name, options.policies, tools),
    limits,
    shareOf,
    underway,
    secure: options.secure,
    inward: options.inward ?? false,
    earlyHints: options.earlyHints ?? false,
    via: options.via ?? 'dure',
    readOrigin: options.readOrigin,
    observe(exchange, status, tookMs) {
      meters.answered(exchange.destination, status, tookMs / 1_000);
      tell(exchange, status, tookMs);
    },
    tell,
  };
}

const nobodyHears: ObserveExchange = () => {};
