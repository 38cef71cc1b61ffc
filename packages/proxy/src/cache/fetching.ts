import type { Asked } from './asked.ts';
import type { CacheEvent } from './cache-event.ts';
import type { CacheRequest } from './cache-request.ts';
import type { CompleteRules } from './cache-rules.ts';
import type { Forwarded, ForwardReason } from './cache-status.ts';
import { forwardedStatus } from './cache-status.ts';
import type { CacheStore } from './cache-store.port.ts';
import { conditionalFields, unconditionalFields } from './conditional-fields.ts';
import type { FieldList } from './field-list.ts';
import type { Course, FlightControl, Rider } from './flight.ts';
import { Flight } from './flight.ts';
import type { Flights, Shared } from './flights.ts';
import { freshened, isAbout } from './freshening.ts';
import { isFresh, isUsableOnError, reuseOf } from './reuse.ts';
import type { StoredAnswer } from './stored-answer.ts';
import { isValidatable } from './stored-answer.ts';
import type { Arrival, AskedWith, Storing } from './storing.ts';
import { storing } from './storing.ts';
import { isVariantFor } from './variant.ts';

/** What is to be fetched, and why. */
export interface FetchPlan {
  readonly key: string;
  /** The request that is sent. */
  readonly request: CacheRequest;
  readonly asked: Asked;
  readonly rules: CompleteRules;
  readonly reason: ForwardReason;
  /** What is stored for it and may not be used without asking. */
  readonly stale: StoredAnswer | undefined;
  /** Others may wait for the answer. */
  readonly isShared: boolean;
  /** Nobody waits for it: only the store does. */
  readonly isRefresh: boolean;
}

/** What a fetch works with. */
export interface FetchHost {
  readonly name: string;
  readonly store: CacheStore;
  readonly flights: Flights;
  readonly maxObjectBytes: number;
  observe(event: CacheEvent): void;
  /** Answers with a stored answer. */
  send(rider: Rider, stored: StoredAnswer, status: string): void;
  /** Sees to a request anew; `isAlone`: without waiting for others. */
  again(rider: Rider, rules: CompleteRules, isAlone: boolean): void;
}

/** RFC 5861 §4; no answer at all has become one of these. */
const errors: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** One fetch of an answer that may be kept: decides what is kept of it and who gets it. */
export class Fetching implements FlightControl, Shared {
  readonly #host: FetchHost;
  readonly #plan: FetchPlan;
  readonly #flight: Flight;
  readonly #sentMs: number;
  #isInVain = false;

  constructor(host: FetchHost, plan: FetchPlan) {
    const { request, asked } = plan;
    this.#host = host;
    this.#plan = plan;
    this.#sentMs = request.clock.monotonicMs();
    this.#flight = new Flight(this, plan.isRefresh ? undefined : { request, asked });
  }

  start(): void {
    const { key, request, stale, isRefresh } = this.#plan;
    this.#host.flights.add(key, this);
    this.#flight.started(request.ask(fieldsToSend(request.fields, stale, isRefresh), this.#flight));
  }

  get maxObjectBytes(): number {
    return this.#host.maxObjectBytes;
  }

  join(rider: Rider, stale: StoredAnswer | undefined): boolean {
    const { isShared, request } = this.#plan;
    if (!isShared || rider.request.route !== request.route || stale !== this.#plan.stale) return false;
    return this.#flight.join(rider);
  }

  isAfter(stale: StoredAnswer): boolean {
    return this.#plan.stale === stale;
  }

  spoil(): void {
    this.#flight.spoil();
  }

  hold(bytes: number): boolean {
    return this.#host.flights.hold(bytes);
  }

  onClosed(): void {
    this.#host.flights.remove(this.#plan.key, this);
  }

  again(rider: Rider): void {
    const { key, request } = this.#plan;
    if (this.#isInVain) this.#host.flights.leaveAlone(key, request.clock.monotonicMs());
    this.#host.again(rider, this.#plan.rules, this.#isInVain);
  }

  onHead(_flight: Flight, status: number, fields: FieldList, bodyBytes: number | undefined): Course {
    const { stale, asked, request } = this.#plan;
    const { clock } = request;
    const arrival = { sentMs: this.#sentMs, cameMs: clock.monotonicMs(), cameAt: clock.now() };
    if (stale !== undefined && status === 304 && isValidatable(stale)) return this.#confirmed(stale, fields, arrival);
    if (stale !== undefined && errors.has(status) && isUsableOnError(stale, asked, arrival.cameMs))
      return this.#inPlaceOf(status, stale, arrival);
    return this.#fetched(status, fields, bodyBytes, arrival);
  }

  #confirmed(stale: StoredAnswer, fields: FieldList, arrival: Arrival): Course {
    const { store } = this.#host;
    if (!isAbout(fields, stale, false)) {
      store.remove(stale);
      return { kind: 'instead', answer: (rider) => this.again(rider) };
    }
    this.#observe('revalidated');
    const { answer, isKept } = freshened(stale, fields, this.#askedWith(), arrival, this.#plan.rules);
    const isStored = isKept && !this.#flight.isSpoilt && store.put(answer);
    if (!isStored) store.remove(stale);
    return this.#insteadFor(answer, { reason: 'stale', status: 304, isStored }, (rider) => {
      return isKept && isForAnother(answer, rider, arrival);
    });
  }

  #inPlaceOf(status: number, stale: StoredAnswer, { cameMs }: Arrival): Course {
    const forwarded: Forwarded = { reason: 'stale', status, detail: 'stale-if-error' };
    this.#observe('stale-if-error');
    return this.#insteadFor(stale, forwarded, (rider) => isUsableOnError(stale, rider.asked, cameMs));
  }

  #observe(result: (CacheEvent & { readonly kind: 'fetched' })['result']): void {
    this.#host.observe({ kind: 'fetched', route: this.#plan.request.route, result });
  }

  #insteadFor(answer: StoredAnswer, forwarded: Forwarded, isFor: (rider: Rider) => boolean): Course {
    const { name } = this.#host;
    this.#isInVain = true;
    return {
      kind: 'instead',
      answer: (rider, isFirst) => {
        if (!isFirst && !isFor(rider)) this.again(rider);
        else this.#host.send(rider, answer, forwardedStatus(name, { ...forwarded, isCollapsed: !isFirst }));
      },
    };
  }

  #fetched(status: number, fields: FieldList, bodyBytes: number | undefined, arrival: Arrival): Course {
    const { key, stale, request, rules } = this.#plan;
    const { store, flights, name } = this.#host;
    const outcome = storing(this.#askedWith(), status, fields, arrival, rules);
    const stored = this.#kept(outcome, bodyBytes);
    // What was stored is out of date, unless this only says that nothing better can be had at the moment.
    if (stale !== undefined && stored === undefined && status < 500) store.remove(stale);
    this.#observe(stored === undefined ? 'not-stored' : 'stored');
    const isShared = stored !== undefined && isFresh(stored.freshness, arrival.cameMs);
    this.#isInVain = !isShared;
    if (isShared) flights.shared(key);
    const { reason } = this.#plan;
    const detail = 'refused' in outcome ? outcome.refused : undefined;
    const forwarded = { reason, isStored: stored !== undefined, ...(detail === undefined ? {} : { detail }) };
    request.note(`fetched (${reason}), ${detail === undefined ? 'stored' : `not stored: ${detail}`}`);
    return {
      kind: 'stream',
      status,
      bodyBytes,
      fieldsFor: (isFirst) => [
        ...fields,
        'cache-status',
        forwardedStatus(name, { ...forwarded, isCollapsed: !isFirst }),
      ],
      isFor: (rider) => stored !== undefined && isShared && isForAnother(stored, rider, arrival),
      keep: stored === undefined ? undefined : (body) => this.#keep({ ...stored, body }, bodyBytes),
    };
  }

  #kept(outcome: Storing, bodyBytes: number | undefined): Omit<StoredAnswer, 'body'> | undefined {
    if ('refused' in outcome || this.#flight.isSpoilt) return undefined;
    return bodyBytes !== undefined && bodyBytes > this.#host.maxObjectBytes ? undefined : outcome.stored;
  }

  #keep(answer: StoredAnswer, bodyBytes: number | undefined): void {
    if (bodyBytes === undefined || bodyBytes === answer.body.length) this.#host.store.put(answer);
  }

  #askedWith(): AskedWith {
    const { key, request, asked } = this.#plan;
    const { route, fields, isAuthenticated, hasCookie } = request;
    const isPrivate = asked.directives.has('no-store');
    return { key, route, fields, isAuthenticated, hasCookie, isPrivate, isForPart: asked.range !== undefined };
  }
}

/** Whether an answer that has just come may answer another request without asking again. */
function isForAnother(answer: Omit<StoredAnswer, 'body'>, { request, asked }: Rider, { cameMs }: Arrival): boolean {
  return isVariantFor(answer.variant, request.fields) && reuseOf(answer, asked, cameMs) === 'use';
}

function fieldsToSend(fields: string, stale: StoredAnswer | undefined, isRefresh: boolean): string {
  if (stale !== undefined && isValidatable(stale)) return conditionalFields(fields, stale);
  return isRefresh ? unconditionalFields(fields) : fields;
}
