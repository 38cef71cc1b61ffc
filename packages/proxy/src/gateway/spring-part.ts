import type { PropertySource } from '@dure/config/properties';
import type { TokenSigner } from '@dure/service/client';
import { cacheLayer } from '../cache/cache-layer.ts';
import { ResponseCache } from '../cache/response-cache.ts';
import type { Exchange } from '../engine/exchange.ts';
import { cors } from '../protection/cors.ts';
import { requestRateLimiter } from '../protection/request-rate-limiter.ts';
import { named } from '../routing/named-layer.ts';
import type { NamedLayer, RouteRule } from '../routing/route-rule.ts';
import type { RouteSet } from '../routing/route-set.ts';
import type { BreakersByName } from '../spring/circuit-breaking.ts';
import { circuitBreaking } from '../spring/circuit-breaking.ts';
import type { SpringRoutesOptions } from '../spring/spring-routes.ts';
import { springRoutesOf } from '../spring/spring-routes.ts';
import type { SpringRule } from '../spring/spring-rule.ts';
import type { EdgeTools } from './edge-tools.ts';

/** Where routes in Spring Cloud Gateway's form come from. */
export interface SpringSource extends SpringRoutesOptions {
  /** Reads the configuration, the highest source first, with the gateway's credentials; what it rejects with changes nothing. */
  readonly load: (signer: TokenSigner) => Promise<readonly PropertySource[]>;
  /** How often, in milliseconds. Default 5 000. */
  readonly everyMs?: number;
}

export interface SpringPart {
  /** Reads the configuration once; rejects when its routes cannot be used. */
  readonly first: Promise<void>;
  close(): void;
}

/**
 * Keeps the routes that a Spring Cloud Gateway's configuration has, as it is now: a change that cannot be used is told
 * with its places and changes nothing. `dispatch` leads a request to another path of the gateway.
 */
export function openSpringPart(
  { everyMs = 5_000, load, ...source }: SpringSource,
  set: RouteSet,
  tools: EdgeTools & { readonly signer: TokenSigner },
  dispatch: (exchange: Exchange, path: string) => void | Promise<void>,
): SpringPart {
  const { clock, telemetry, signer } = tools;
  const cache = new ResponseCache();
  const breakers: BreakersByName = new Map();
  let closed = false;
  let seen = '';
  const read = async () => {
    const sources = await load(signer);
    const text = JSON.stringify(sources.map(({ properties }) => [...properties]));
    if (closed || text === seen) return;
    seen = text;
    const { rules, notes } = springRoutesOf(sources, source);
    for (const note of notes) telemetry.log.info(note);
    set.replace(
      'spring',
      rules.map((rule) => readyRule(rule, { ...tools, cache, breakers, dispatch })),
    );
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

interface SpringTools extends EdgeTools {
  readonly cache: ResponseCache;
  readonly breakers: BreakersByName;
  readonly dispatch: (exchange: Exchange, path: string) => void | Promise<void>;
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
    own.push(named('LocalResponseCache', cacheLayer({ cache: tools.cache, lifetimesMs }), JSON.stringify(cache)));
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
