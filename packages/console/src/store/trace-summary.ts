import type { TraceSummary } from '../contract.ts';
import type { StoredSpan } from './telemetry-store.port.ts';

/** A trace as far as its spans have arrived; grows span by span. */
export interface TraceState {
  readonly traceId: string;
  startUs: number;
  endUs: number;
  /** The start of the span that names the trace, and whether it has no parent. */
  namedAtUs: number;
  rooted: boolean;
  service: string;
  operation: string;
  spans: number;
  errors: number;
  /** By order of first appearance in time. */
  services: { service: string; firstUs: number; spans: number; errors: number }[];
}

/** A trace of which nothing is known yet. */
export function emptyTrace(traceId: string): TraceState {
  return {
    traceId,
    startUs: Number.POSITIVE_INFINITY,
    endUs: 0,
    namedAtUs: Number.POSITIVE_INFINITY,
    rooted: false,
    service: '',
    operation: '',
    spans: 0,
    errors: 0,
    services: [],
  };
}

/** Takes one more span into account. The earliest span without a parent names the trace, else the earliest span. */
export function addToTrace(trace: TraceState, span: StoredSpan): void {
  trace.startUs = Math.min(trace.startUs, span.startUs);
  trace.endUs = Math.max(trace.endUs, span.startUs + span.durationUs);
  trace.spans += 1;
  if (span.failed) trace.errors += 1;
  const isRoot = span.parentId === undefined;
  if ((isRoot && !trace.rooted) || (isRoot === trace.rooted && span.startUs < trace.namedAtUs)) {
    trace.rooted = isRoot;
    trace.namedAtUs = span.startUs;
    trace.service = span.service;
    trace.operation = span.operation;
  }
  const share = trace.services.find(({ service }) => service === span.service);
  if (share === undefined) {
    trace.services.push({ service: span.service, firstUs: span.startUs, spans: 1, errors: span.failed ? 1 : 0 });
  } else {
    share.firstUs = Math.min(share.firstUs, span.startUs);
    share.spans += 1;
    if (span.failed) share.errors += 1;
  }
  trace.services.sort((a, b) => a.firstUs - b.firstUs);
}

/** What the API shows of a trace. */
export function summaryOf(trace: TraceState): TraceSummary {
  return {
    traceId: trace.traceId,
    service: trace.service,
    operation: trace.operation,
    startedAt: trace.startUs / 1_000,
    durationMs: Math.max(0, trace.endUs - trace.startUs) / 1_000,
    spans: trace.spans,
    errors: trace.errors,
    services: trace.services.map(({ service, spans, errors }) => ({ service, spans, errors })),
    complete: trace.rooted,
  };
}
