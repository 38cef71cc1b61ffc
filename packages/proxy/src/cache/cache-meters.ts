import type { Attributes, Telemetry } from '@dure/telemetry';
import type { CacheEvent } from './cache-event.ts';
import type { CacheStore } from './cache-store.port.ts';

/** Every store whose size a telemetry tells: caches of several routes are told together. */
const storesOf = new WeakMap<Telemetry, Set<CacheStore>>();

/**
 * Opens the meters of a cache: `dure_gateway_cache_requests` and `dure_gateway_cache_fetches`, by route and result, and what
 * all caches keep, `dure_gateway_cache_answers` and `dure_gateway_cache_bytes`. Routes and results are few.
 */
export function cacheMeters(telemetry: Telemetry, store: CacheStore): (event: CacheEvent) => void {
  const { metrics } = telemetry;
  tellSize(telemetry, store);
  const counters = {
    asked: metrics.counter('dure_gateway_cache_requests', 'Requests that a stored answer could be for'),
    fetched: metrics.counter('dure_gateway_cache_fetches', 'Answers that the cache has asked services for'),
  };
  const labels = new Map<string, Map<string, Attributes>>();
  return ({ kind, route, result }) => {
    let ofRoute = labels.get(route);
    if (ofRoute === undefined) {
      ofRoute = new Map();
      labels.set(route, ofRoute);
    }
    let label = ofRoute.get(result);
    if (label === undefined) {
      label = { route, result };
      ofRoute.set(result, label);
    }
    counters[kind].add(1, label);
  };
}

function tellSize(telemetry: Telemetry, store: CacheStore): void {
  const known = storesOf.get(telemetry);
  if (known !== undefined) {
    known.add(store);
    return;
  }
  const stores = new Set([store]);
  storesOf.set(telemetry, stores);
  const sum = (what: 'answers' | 'bytes') => () => [...stores].reduce((total, { size }) => total + size[what], 0);
  telemetry.metrics.gauge('dure_gateway_cache_answers', 'Answers that are kept', sum('answers'));
  telemetry.metrics.gauge('dure_gateway_cache_bytes', 'What they cost to keep, in bytes', sum('bytes'));
}
