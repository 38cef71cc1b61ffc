import type { Clock } from '@dure/core';
import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import { detached } from '../engine/detached.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import type { CacheRequest } from './cache-request.ts';
import type { CacheRules } from './cache-rules.ts';
import { completeRules } from './cache-rules.ts';
import { ResponseCache } from './response-cache.ts';

export interface CacheLayerOptions extends CacheRules {
  /** Where answers are kept, with those of other routes. Default: a cache of its own. */
  readonly cache?: ResponseCache;
}

/**
 * Answers requests with stored answers, as answers allow by `Cache-Control` (RFC 9111, RFC 5861). Stands behind what decides
 * who may ask, for a stored answer is not asked who reads it, and before what tells services who asks. Routes that change
 * what others read need the layer too, with the same cache: what they change is forgotten.
 *
 * @example
 * const cache = new ResponseCache();
 * cacheLayer({ cache, lifetimesMs: { 200: 30_000 } });
 */
export function cacheLayer(options: CacheLayerOptions = {}): EdgeLayer {
  const { cache = new ResponseCache() } = options;
  const rules = completeRules(options);
  return (next) => (exchange) => {
    cache.countBy(exchange.engine.telemetry);
    return readsOwnWrite(exchange) ? next(exchange) : cache.handle(new EdgeRequest(exchange, next), rules);
  };
}

/** A stored answer may be older than what its reader has just written. */
function readsOwnWrite({ method, positions, destination }: Exchange): boolean {
  return (method === 'GET' || method === 'HEAD') && positions[destination.service] !== undefined;
}

/** An exchange as the cache sees it. */
class EdgeRequest implements CacheRequest {
  readonly #exchange: Exchange;
  readonly #next: EdgeHandler;
  readonly answer: Answer;

  constructor(exchange: Exchange, next: EdgeHandler) {
    this.#exchange = exchange;
    this.#next = next;
    this.answer = new DrainingAnswer(exchange);
  }

  get clock(): Clock {
    return this.#exchange.engine.clock;
  }

  get method(): string {
    return this.#exchange.method;
  }

  /** Versions of a service answer differently: what one has answered is not for who wants another. */
  get route(): string {
    const { route, want } = this.#exchange;
    return want?.version === undefined ? route : `${route}@${want.version}`;
  }

  get host(): string {
    return this.#exchange.host;
  }

  get path(): string {
    return this.#exchange.target.path;
  }

  get query(): string {
    return this.#exchange.target.query;
  }

  get fields(): string {
    return this.#exchange.fields;
  }

  get isAuthenticated(): boolean {
    const { authorization, identity } = this.#exchange;
    return authorization !== undefined || identity.kind !== 'anonymous';
  }

  get hasCookie(): boolean {
    return this.#exchange.cookie !== undefined;
  }

  get hasBody(): boolean {
    const { chunked, contentLength = 0 } = this.#exchange.head;
    return chunked || contentLength > 0;
  }

  forward(answer: Answer): void | Promise<void> {
    this.#exchange.answer = answer;
    return this.#next(this.#exchange);
  }

  ask(fields: string, answer: Answer): () => void {
    const exchange = this.#exchange;
    const { route, destination } = exchange;
    const noted = new NotedAnswer(answer, () => {
      for (const { what, text } of made.notes ?? []) exchange.note(what, text);
    });
    const made = detached(exchange, { route, destination, isRepeatable: true, isObserved: false, answer: noted });
    made.fields = fields;
    made.run(this.#next);
    return () => made.close(499);
  }

  onLeave(leave: () => void): void {
    const { answer } = this;
    this.#exchange.work = { expire: () => answer.abort(), endStream: () => {}, cancel: leave };
  }

  note(text: string): void {
    this.#exchange.note('cache', text);
  }
}

/**
 * The answer to a client, which is expected to take something only while something waits for it: in between, the service may
 * be silent for as long as its own exchange allows.
 */
class DrainingAnswer extends PassingAnswer {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    super(exchange.answer);
    this.#exchange = exchange;
  }

  override whenDrained(go: () => void): void {
    this.next.whenDrained(() => {
      this.#exchange.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }
}

/** Tells what was noted on the way of an answer before it ends. */
class NotedAnswer extends PassingAnswer {
  readonly #tell: () => void;

  constructor(next: Answer, tell: () => void) {
    super(next);
    this.#tell = tell;
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    this.#tell();
    this.next.end(piece, trailers);
  }

  override abort(): void {
    this.#tell();
    this.next.abort();
  }
}
