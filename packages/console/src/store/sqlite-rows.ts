import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { LogLine } from '../contract.ts';
import { levelOf } from './log-levels.ts';
import type { SpanKind, StoredEvent, StoredSpan, Values } from './telemetry-store.port.ts';
import type { TraceState } from './trace-summary.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** In the order of `addSpan`. */
export function spanToRow(span: StoredSpan): SQLInputValue[] {
  return [
    span.traceId,
    span.spanId,
    span.parentId ?? null,
    span.service,
    span.instance,
    span.operation,
    span.kind,
    span.startUs,
    span.durationUs,
    span.failed ? 1 : 0,
    span.code ?? null,
    span.error ?? null,
    span.refusal ?? null,
    span.remoteService ?? null,
    JSON.stringify(span.attributes),
    span.events.length === 0 ? '[]' : JSON.stringify(span.events),
  ];
}

/** A row of `spans`. */
export function spanFromRow(row: Row): StoredSpan {
  return {
    traceId: String(row.trace_id),
    spanId: String(row.span_id),
    parentId: optional(row.parent_id),
    service: String(row.service),
    instance: String(row.instance),
    operation: String(row.operation),
    kind: String(row.kind) as SpanKind,
    startUs: Number(row.start_us),
    durationUs: Number(row.duration_us),
    failed: row.failed === 1,
    code: optional(row.code),
    error: optional(row.error),
    refusal: optional(row.refusal),
    remoteService: optional(row.remote_service),
    attributes: JSON.parse(String(row.attributes)) as Values,
    events: JSON.parse(String(row.events)) as readonly StoredEvent[],
  };
}

/** In the order of `putTrace`. */
export function traceToRow(trace: TraceState): SQLInputValue[] {
  return [
    trace.traceId,
    trace.startUs,
    trace.endUs,
    trace.namedAtUs,
    trace.rooted ? 1 : 0,
    trace.service,
    trace.operation,
    trace.spans,
    trace.errors,
    JSON.stringify(trace.services),
  ];
}

/** A row of `traces`. */
export function traceFromRow(row: Row): TraceState {
  return {
    traceId: String(row.trace_id),
    startUs: Number(row.start_us),
    endUs: Number(row.end_us),
    namedAtUs: Number(row.named_at_us),
    rooted: row.rooted === 1,
    service: String(row.service),
    operation: String(row.operation),
    spans: Number(row.spans),
    errors: Number(row.errors),
    services: JSON.parse(String(row.services)) as TraceState['services'],
  };
}

/** A row of `logs`. */
export function logFromRow(row: Row): LogLine {
  const [code, traceId, spanId] = [optional(row.code), optional(row.trace_id), optional(row.span_id)];
  return {
    id: Number(row.id),
    time: Number(row.time),
    level: levelOf(Number(row.level)),
    service: String(row.service),
    instance: String(row.instance),
    message: String(row.message),
    ...(code === undefined ? {} : { code }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
    fields: JSON.parse(String(row.fields)) as Record<string, unknown>,
  };
}

function optional(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
