import type { Ids } from './ids.ts';

/** Where a call stands in its trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits: the span that is the parent of whatever starts next. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The `tracestate` header as received, passed on untouched. */
  readonly state?: string;
  /** Nothing of the trace exists yet: the span that starts next is its root, and `spanId` names nobody. */
  readonly isNew?: true;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` header; undefined when it is absent or invalid, so that a new trace starts. */
export function parseTraceparent(header: string | undefined, state?: string): TraceContext | undefined {
  const match = header === undefined ? null : pattern.exec(header.trim());
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const context = { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
  return state === undefined || state === '' ? context : { ...context, state };
}

/** Writes the `traceparent` header. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** Starts a trace of its own. */
export function newTrace(ids: Ids): TraceContext {
  return { traceId: ids.traceId(), spanId: ids.spanId(), sampled: true, isNew: true };
}
