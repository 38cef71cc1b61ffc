import type { Telemetry } from '@dure/telemetry';
import type { Answer } from '../engine/answer.ts';
import { type PassingAnswer, WithFields } from '../engine/answer.ts';
import { gatewayErrors } from '../errors.ts';
import type { Asked } from './asked.ts';
import { isConditional, readAsked } from './asked.ts';
import type { CacheEvent } from './cache-event.ts';
import { cacheMeters } from './cache-meters.ts';
import type { CacheRequest } from './cache-request.ts';
import type { CompleteRules } from './cache-rules.ts';
import type { ForwardReason } from './cache-status.ts';
import { forwardedStatus, hitStatus } from './cache-status.ts';
import type { CacheStore } from './cache-store.port.ts';
import type { FetchHost } from './fetching.ts';
import { Fetching } from './fetching.ts';
import type { Rider } from './flight.ts';
import { Flights } from './flights.ts';
import { HeadAnswer } from './head-answer.ts';
import { isSafe, keyOf, OutdatingAnswer } from './invalidation.ts';
import { memoryCacheStore } from './memory-cache-store.ts';
import { reuseOf } from './reuse.ts';
import { sendStored } from './sending.ts';
import type { StoredAnswer } from './stored-answer.ts';
import { ageMs, isValidatable } from './stored-answer.ts';
import { isVariantFor } from './variant.ts';

export interface ResponseCacheOptions {
  /** Where answers are kept. Default: 64 MiB of memory. */
  readonly store?: CacheStore;
  /** A longer body is not kept, in bytes. Default 1 MiB. */
  readonly maxObjectBytes?: number;
  /** What is held at most of bodies on their way into the store, in bytes. Default 32 MiB; beyond it they are not kept. */
  readonly maxHeldBytes?: number;
  /** What the cache is called in `Cache-Status` (RFC 9211). Default `dure`. */
  readonly name?: string;
  /** Hears of each request that could have been answered with a stored answer, and of what the service was asked for. */
  readonly observe?: (event: CacheEvent) => void;
}

/**
 * A shared cache (RFC 9111, RFC 5861). One serves any number of routes, each by its own rules, and what changes something
 * by one of them is known to all.
 */
export class ResponseCache implements FetchHost {
  readonly name: string;
  readonly store: CacheStore;
  readonly flights: Flights;
  readonly maxObjectBytes: number;
  readonly #observe: (event: CacheEvent) => void;
  #count: ((event: CacheEvent) => void) | undefined;

  constructor(options: ResponseCacheOptions = {}) {
    this.#observe = options.observe ?? (() => {});
    this.name = options.name ?? 'dure';
    this.store = options.store ?? memoryCacheStore();
    this.maxObjectBytes = options.maxObjectBytes ?? 2 ** 20;
    this.flights = new Flights(options.maxHeldBytes ?? 2 ** 25);
  }

  /** Also tells a gateway's metrics what it does, from now on; the first one's, if several share it. See `cacheMeters`. */
  countBy(telemetry: Telemetry): void {
    this.#count ??= cacheMeters(telemetry, this.store);
  }

  observe(event: CacheEvent): void {
    this.#count?.(event);
    this.#observe(event);
  }

  /** Forgets what is kept of an address: the host as clients name it, the path, and the query with its question mark. */
  forget(host: string, path: string, query = ''): void {
    this.#outdate(keyOf(host, path, query));
  }

  /** Answers a request, or forwards it. GATEWAY_NOT_CACHED when the client wants a stored answer and there is none. */
  handle(request: CacheRequest, rules: CompleteRules): void | Promise<void> {
    const { method, answer } = request;
    if (method === 'GET' || method === 'HEAD') return this.#read(request, rules, false);
    if (isSafe(method)) return request.forward(answer);
    return request.forward(new OutdatingAnswer(this.#marked(answer, 'method'), request, (key) => this.#outdate(key)));
  }

  send({ request, asked }: Rider, stored: StoredAnswer, status: string): void {
    const { clock, method, answer } = request;
    const age = ageMs(stored, clock.monotonicMs());
    request.note(status);
    sendStored(answer, stored, { method, asked, ageMs: age, status, now: clock.now() });
  }

  again({ request }: Rider, rules: CompleteRules, isAlone: boolean): void {
    void this.#read(request, rules, isAlone);
  }

  #read(request: CacheRequest, rules: CompleteRules, isAlone: boolean): void | Promise<void> {
    const key = keyOf(request.host, request.path, request.query);
    const read = readAsked(request.fields);
    const isBypass = read.hasPrecondition || request.hasBody;
    const asked = rules.honoursRequests ? read : withoutWishes(read);
    const variants = this.store.find(key);
    const stored = isBypass || asked.directives.has('no-store') ? undefined : find(variants, request);
    const nowMs = request.clock.monotonicMs();
    if (stored !== undefined) {
      const reuse = reuseOf(stored, asked, nowMs);
      if (reuse !== 'validate') {
        this.#hit({ request, asked }, stored, nowMs);
        if (reuse === 'refresh') this.#refresh(key, { request, asked }, stored, rules);
        return;
      }
    }
    if (asked.directives.has('only-if-cached'))
      throw gatewayErrors.NOT_CACHED('no stored answer may be used, and the request wants no other');
    const reason = isBypass ? 'bypass' : reasonFor(asked, stored, variants.length);
    if (isBypass || request.method === 'HEAD') {
      this.observe({ kind: 'asked', route: request.route, result: reason });
      const marked = this.#marked(request.answer, reason);
      return request.forward(isBypass ? marked : new HeadAnswer(marked, this.store, stored, request, rules));
    }
    this.#get(key, { request, asked }, stored, rules, reason, isAlone);
  }

  #hit(rider: Rider, stored: StoredAnswer, nowMs: number): void {
    const ttlMs = stored.freshness.lifetimeMs - ageMs(stored, nowMs);
    this.store.touch(stored);
    this.observe({ kind: 'asked', route: rider.request.route, result: ttlMs > 0 ? 'hit' : 'stale-hit' });
    this.send(rider, stored, hitStatus(this.name, ttlMs));
  }

  #get(
    key: string,
    rider: Rider,
    stale: StoredAnswer | undefined,
    rules: CompleteRules,
    reason: ForwardReason,
    isAlone: boolean,
  ): void {
    const { request, asked } = rider;
    // What the client has does not count when the service is asked about what is stored.
    const wantsItsOwn = isConditional(asked) && (stale === undefined || !isValidatable(stale));
    const isForOne = request.isAuthenticated || wantsItsOwn || asked.directives.has('no-cache');
    const isShared =
      !isAlone &&
      !isForOne &&
      !asked.directives.has('no-store') &&
      !this.flights.isAlone(key, request.clock.monotonicMs());
    const { route } = request;
    if (isShared && this.flights.join(key, rider, stale)) {
      this.observe({ kind: 'asked', route, result: 'collapsed' });
      return;
    }
    this.observe({ kind: 'asked', route, result: reason });
    new Fetching(this, { key, request, asked, rules, reason, stale, isShared, isRefresh: false }).start();
  }

  #refresh(key: string, { request, asked }: Rider, stale: StoredAnswer, rules: CompleteRules): void {
    if (this.flights.isUnderway(key, stale)) return;
    const plan = { key, request, asked, rules, reason: 'stale', stale, isShared: true, isRefresh: true } as const;
    new Fetching(this, plan).start();
  }

  #outdate(key: string): void {
    this.store.removeAll(key);
    this.flights.spoil(key);
  }

  #marked(answer: Answer, reason: ForwardReason): PassingAnswer {
    return new WithFields(answer, ['cache-status', forwardedStatus(this.name, { reason })]);
  }
}

/** What is stored for a request: the newest of those that are for it. */
function find(variants: readonly StoredAnswer[], { route, fields }: CacheRequest): StoredAnswer | undefined {
  for (const one of variants) if (one.route === route && isVariantFor(one.variant, fields)) return one;
  return undefined;
}

function reasonFor({ directives }: Asked, stored: StoredAnswer | undefined, variants: number): ForwardReason {
  if (directives.has('no-store') || (stored !== undefined && directives.has('no-cache'))) return 'request';
  if (stored !== undefined) return 'stale';
  return variants > 0 ? 'vary-miss' : 'uri-miss';
}

/** Wishes that cost the service something are not heard; those that spare it, or keep something to themselves, are. */
function withoutWishes(asked: Asked): Asked {
  const heard = [...asked.directives].filter(([name]) => name === 'only-if-cached' || name === 'no-store');
  return { ...asked, directives: new Map(heard) };
}
