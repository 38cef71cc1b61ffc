import type { PropertySource } from '@dure/config/properties';
import type { Live, ReadSection } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { cacheLayer } from '../cache/cache-layer.ts';
import { memoryCacheStore } from '../cache/memory-cache-store.ts';
import { ResponseCache } from '../cache/response-cache.ts';
import type { Exchange } from '../engine/exchange.ts';
import { cors } from '../protection/cors.ts';
import { requestRateLimiter } from '../protection/request-rate-limiter.ts';
import { named } from '../routing/named-layer.ts';
import type { NamedLayer, RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';
import type { BreakersByName } from '../spring/circuit-breaking.ts';
import { circuitBreaking } from '../spring/circuit-breaking.ts';
import type { SpringRoutes, SpringRoutesOptions } from '../spring/spring-routes.ts';
import { springRoutesOf } from '../spring/spring-routes.ts';
import type { CacheSetting, SpringRule } from '../spring/spring-rule.ts';
import type { EdgeTools } from './edge-tools.ts';

/** Where routes in Spring Cloud Gateway's form come from: by default, the configuration that the gateway's host has for it. */
export interface SpringSource extends SpringRoutesOptions {
  /** Reads a configuration, the highest source first, with the gateway's credentials; what it rejects with changes nothing. */
  readonly load?: (signer: TokenSigner) => Promise<readonly PropertySource[]>;
  /** How often `load` is asked, in milliseconds. Default 5 000. */
  readonly everyMs?: number;
}

/** The section of the configuration in which a gateway's routes lie. */
export interface SpringSection extends ReadSection<SpringRoutes> {
  /** Has the running gateway judge routes before anybody takes them: what it throws refuses them. */
  judgedBy(judge: (routes: SpringRoutes) => void): void;
}

/** Routes as a part of the configuration: those that cannot be used, be it beside the gateway's other routes, refuse the whole. */
export function springSection(options: SpringRoutesOptions): SpringSection {
  let judge: (routes: SpringRoutes) => void = () => {};
  return {
    at: 'spring.cloud.gateway',
    read(sources) {
      const routes = springRoutesOf(sources, options);
      judge(routes);
      return routes;
    },
    judgedBy(other) {
      judge = other;
    },
  };
}

export interface SpringPart {
  /** Reads the configuration once; rejects when its routes cannot be used. */
  readonly first: Promise<void>;
  close(): void;
}

/** Where a gateway puts its routes, and what it makes them of. `dispatch` leads a request to another path of the gateway. */
export interface SpringGateway {
  readonly set: RouteSet;
  readonly tools: EdgeTools & { readonly signer: TokenSigner };
  readonly dispatch: (exchange: Exchange, path: string) => void | Promise<void>;
}

/**
 * Keeps the routes that a Spring Cloud Gateway's configuration has, as it is now: a change that cannot be used is told
 * with its places and changes nothing. Requests under way end on the routes that they began on.
 */
export function openSpringPart(source: SpringSource, gateway: SpringGateway): SpringPart {
  const { everyMs = 5_000, load = async () => [], ...options } = source;
  const { clock, telemetry, signer } = gateway.tools;
  const { put } = placing(gateway);
  let closed = false;
  let seen = '';
  const read = async () => {
    const sources = await load(signer);
    const text = JSON.stringify(sources.map(({ properties }) => [...properties]));
    if (closed || text === seen) return;
    seen = text;
    put(springRoutesOf(sources, options));
  };
  const again = () => {
    if (closed) return;
    clock.after(everyMs, () => {
      read()
        .catch((error: unknown) => telemetry.log.warn('the routes of the configuration stay as they were', { error }))
        .finally(again);
    });
  };
  const first = read();
  first.then(again, () => undefined);
  return {
    first,
    close() {
      closed = true;
    },
  };
}

/** As `openSpringPart`, by a section of the gateway's configuration, which is judged before it changes. */
export function followSpringSection(
  section: SpringSection,
  routes: Live<SpringRoutes>,
  gateway: SpringGateway,
): { close(): void } {
  const { put, check } = placing(gateway);
  put(routes.current);
  section.judgedBy(check);
  return { close: routes.onChange(put) };
}

function placing({ set, tools, dispatch }: SpringGateway) {
  const { log } = tools.telemetry;
  const made: SpringTools = { ...tools, cache: new ResponseCache(), breakers: new Map(), dispatch };
  const ready = ({ rules }: SpringRoutes) => rules.map((rule) => readyRule(rule, made));
  let limits: ReadonlyMap<string, string> = new Map();
  return {
    check: (routes: SpringRoutes) => set.check('spring', ready(routes)),
    put(routes: SpringRoutes) {
      for (const note of routes.notes) log.info(note);
      set.replace('spring', ready(routes));
      const now = new Map(routes.rules.map(({ id, rateLimit }) => [id, JSON.stringify(rateLimit)]));
      for (const [id, text] of now) if (limits.has(id) && limits.get(id) !== text) tools.rateLimits.restart?.(id);
      limits = now;
    },
  };
}

interface SpringTools extends EdgeTools {
  readonly cache: ResponseCache;
  readonly breakers: BreakersByName;
  readonly dispatch: (exchange: Exchange, path: string) => void | Promise<void>;
}

/** What a route's answers are kept in: with a size a cache of its own. */
function placeOf({ maxBytes }: CacheSetting, { cache }: SpringTools): ResponseCache {
  return maxBytes === undefined ? cache : new ResponseCache({ store: memoryCacheStore({ maxBytes }) });
}

/** A route with the layers for what the gateway's own engine does for it. */
function readyRule(rule: SpringRule, tools: SpringTools): RouteRule {
  const { id, resilience, rateLimit, cache, cors: pages, layers } = rule;
  const breaker = resilience?.circuitBreaker;
  const own: NamedLayer[] = [];
  if (rateLimit !== undefined) {
    const { rateLimits: store, telemetry } = tools;
    const limiter = requestRateLimiter({ routeId: id, ...rateLimit, store, telemetry });
    own.push(named('RequestRateLimiter', limiter, JSON.stringify(rateLimit)));
  }
  if (cache !== undefined) {
    const lifetimesMs = { 200: cache.timeToLiveMs, 206: cache.timeToLiveMs, 301: cache.timeToLiveMs };
    own.push(
      named('LocalResponseCache', cacheLayer({ cache: placeOf(cache, tools), lifetimesMs }), JSON.stringify(cache)),
    );
  }
  if (breaker !== undefined) {
    const breaking = circuitBreaking(breaker, tools.breakers, tools.dispatch);
    own.push(named('CircuitBreaker', breaking, JSON.stringify(breaker)));
  }
  const retry = resilience?.retry;
  if (retry !== undefined) {
    const retrying = named(
      'Retry',
      (next) => (exchange) => {
        if (retry.methods.includes(exchange.method)) {
          exchange.retry = retry;
          exchange.isRepeatable = true;
        }
        return next(exchange);
      },
      JSON.stringify(retry),
    );
    own.push(retrying);
  }
  const { cors: _, resilience: __, rateLimit: ___, cache: ____, ...plain } = rule;
  return {
    ...plain,
    layers: [...own, ...layers],
    ...(pages === undefined ? {} : { crossOrigin: cors(pages) }),
  };
}
