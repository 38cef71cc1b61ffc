import type { ErrorKind, Ids, Random, TraceContext } from '@dure/core';
import { codeOf, isDureError, isRefusal, messageOf } from '@dure/core';
import { isSecretKey, masked, maskText } from './mask.ts';
import type { Attributes, Span, SpanKind, SpanOptions } from './telemetry.ts';
import type { WallTime } from './wall-time.ts';

/** A span as it is exported. Times are epoch milliseconds with microseconds as the fraction. */
export interface SpanRecord {
  readonly context: TraceContext;
  /** The span it belongs under; undefined for the root of a trace. */
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly failure: SpanFailure | undefined;
}

/** Something that happened at one moment within a span. */
export interface SpanEvent {
  readonly name: string;
  readonly at: number;
  readonly attributes: Attributes;
}

/** Why a span failed. */
export interface SpanFailure {
  readonly code: string | undefined;
  readonly message: string;
}

/** What making spans needs. */
export interface SpanSource {
  readonly wallTime: WallTime;
  readonly ids: Ids;
  readonly random: Random;
  /** Share of the traces that start here which are recorded, 0 to 1; later services follow the decision. */
  readonly sampleRatio: number;
  readonly onEnd: (span: SpanRecord) => void;
}

/** The attributes that Dure itself gives to spans. */
export const spanAttributes = {
  code: 'dure.code',
  refusal: 'dure.refusal',
  attempt: 'dure.attempt',
  peer: 'peer.service',
  /** How an answer was stood in for, on the caller's span; whose answers were, on the server's. */
  fallback: 'dure.fallback',
} as const;

/** Calls under way, by the context that travels with them. */
const underWay = new WeakMap<TraceContext, Span>();

/**
 * Notes something that happened to a call on the span of its caller, as long as that is recorded and has not ended.
 * For layers, which are handed the call's trace and not its span.
 */
export function spanEvent(trace: TraceContext, name: string, attributes: Attributes): void {
  underWay.get(trace)?.event(name, attributes);
}

const maxAttributes = 64;
const maxEvents = 64;
const noEvents: readonly SpanEvent[] = [];

/** Starts a span: recorded when its trace is sampled, otherwise a span that carries the context and does nothing. */
export function startSpan(source: SpanSource, name: string, options: SpanOptions = {}): Span {
  const { parent } = options;
  if (parent === undefined || parent.isNew === true) {
    const sampled = source.sampleRatio >= 1 || source.random.next() < source.sampleRatio;
    const traceId = parent?.traceId ?? source.ids.traceId();
    const context: TraceContext = { traceId, spanId: source.ids.spanId(), sampled };
    return sampled ? new RecordedSpan(source, name, options, context) : new UnsampledSpan(context);
  }
  if (!parent.sampled) return new UnsampledSpan(parent);
  const spanId = source.ids.spanId();
  const context: TraceContext =
    parent.state === undefined
      ? { traceId: parent.traceId, spanId, sampled: true }
      : { traceId: parent.traceId, spanId, sampled: true, state: parent.state };
  return new RecordedSpan(source, name, options, context);
}

class RecordedSpan implements Span, SpanRecord {
  readonly context: TraceContext;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startedAt: number;
  endedAt = 0;
  readonly attributes: Record<string, string | number | boolean> = {};
  events: readonly SpanEvent[] = noEvents;
  failure: SpanFailure | undefined = undefined;
  readonly #source: SpanSource;
  #attributeCount = 0;

  constructor(source: SpanSource, name: string, options: SpanOptions, context: TraceContext) {
    this.#source = source;
    this.context = context;
    this.parentId = options.parent?.isNew === true ? undefined : options.parent?.spanId;
    this.name = name;
    this.kind = options.kind ?? 'internal';
    this.startedAt = source.wallTime.now();
    if (this.kind === 'client') underWay.set(context, this);
    const { attributes } = options;
    if (attributes === undefined) return;
    for (const key of Object.keys(attributes)) {
      const value = attributes[key];
      if (value !== undefined) this.set(key, value);
    }
  }

  set(key: string, value: string | number | boolean): void {
    if (this.endedAt !== 0) return;
    if (!(key in this.attributes)) {
      if (this.#attributeCount >= maxAttributes) return;
      this.#attributeCount += 1;
    }
    if (isSecretKey(key)) this.attributes[key] = masked;
    else this.attributes[key] = typeof value === 'string' ? maskText(value) : value;
  }

  event(name: string, attributes: Attributes = {}): void {
    if (this.endedAt !== 0 || this.events.length >= maxEvents) return;
    const safe = Object.entries(attributes).map(([key, value]) => [key, isSecretKey(key) ? masked : value] as const);
    this.events = [...this.events, { name, at: this.#source.wallTime.now(), attributes: Object.fromEntries(safe) }];
  }

  fail(error: unknown): void {
    if (this.endedAt !== 0) return;
    if (isRefusal(error)) {
      this.set(spanAttributes.refusal, error.code);
      return;
    }
    const code = codeOf(error);
    if (code !== undefined) this.set(spanAttributes.code, code);
    if (isFailure(error, this.kind)) this.failure = { code, message: maskText(messageOf(error)) };
  }

  end(): void {
    if (this.endedAt !== 0) return;
    this.endedAt = Math.max(this.#source.wallTime.now(), this.startedAt);
    if (this.kind === 'client') underWay.delete(this.context);
    this.#source.onEnd(this);
  }
}

const callersFault: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'unauthenticated',
  'forbidden',
  'missing',
  'method',
  'conflict',
  'unprocessable',
  'too-large',
  'media-type',
  'limited',
]);

function isFailure(error: unknown, kind: SpanKind): boolean {
  if (!isDureError(error)) return true;
  if (error.kind === 'cancelled') return false;
  return !(kind === 'server' || kind === 'consumer') || !callersFault.has(error.kind);
}

class UnsampledSpan implements Span {
  readonly context: TraceContext;

  constructor(context: TraceContext) {
    this.context = context;
  }

  set(): void {}
  event(): void {}
  fail(): void {}
  end(): void {}
}
