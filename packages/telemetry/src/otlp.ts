import type { LogRecord } from './log.ts';
import type { LogLevel } from './log-levels.ts';
import type { Meter } from './meter.ts';
import type { SpanRecord } from './span.ts';
import type { Attributes, SpanKind } from './telemetry.ts';

/**
 * OTLP/HTTP in JSON (opentelemetry-proto 1.x): ids in hexadecimal, 64-bit integers as strings, enums as numbers.
 */
export interface Resource {
  readonly service: string;
  readonly instance: string;
}

type Json = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const severities: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warn: 13, error: 17 };
const scope = { name: 'dure', version: '0.1.0' };
const cumulative = 2;

/** The body of `POST /v1/traces`. */
export function otlpTraces(resource: Resource, spans: readonly SpanRecord[]): Json {
  return { resourceSpans: [{ resource: otlpResource(resource), scopeSpans: [{ scope, spans: spans.map(otlpSpan) }] }] };
}

/** The body of `POST /v1/logs`. */
export function otlpLogs(resource: Resource, lines: readonly LogRecord[]): Json {
  return {
    resourceLogs: [{ resource: otlpResource(resource), scopeLogs: [{ scope, logRecords: lines.map(otlpLog) }] }],
  };
}

/** The body of `POST /v1/metrics`; values are cumulative since `startedAt`. */
export function otlpMetrics(resource: Resource, meters: readonly Meter[], startedAt: number, now: number): Json {
  const times = { startTimeUnixNano: nanoseconds(startedAt), timeUnixNano: nanoseconds(now) };
  const metrics = meters.map((meter) => otlpMeter(meter, times));
  return { resourceMetrics: [{ resource: otlpResource(resource), scopeMetrics: [{ scope, metrics }] }] };
}

function otlpResource({ service, instance }: Resource): Json {
  return { attributes: otlpAttributes({ 'service.name': service, 'service.instance.id': instance }) };
}

function otlpSpan(span: SpanRecord): Json {
  return {
    traceId: span.context.traceId,
    spanId: span.context.spanId,
    ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanoseconds(span.startedAt),
    endTimeUnixNano: nanoseconds(span.endedAt),
    attributes: otlpAttributes(span.attributes),
    ...(span.events.length === 0
      ? {}
      : {
          events: span.events.map(({ name, at, attributes }) => ({
            name,
            timeUnixNano: nanoseconds(at),
            attributes: otlpAttributes(attributes),
          })),
        }),
    ...(span.failure === undefined ? {} : { status: { code: 2, message: span.failure.message } }),
  };
}

function otlpLog({ time, level, message, code, trace, fields }: LogRecord): Json {
  const attributes = code === undefined ? fields : { code, ...fields };
  return {
    timeUnixNano: nanoseconds(time),
    severityNumber: severities[level],
    severityText: level.toUpperCase(),
    body: { stringValue: message },
    attributes: otlpAttributes(attributes),
    ...(trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId }),
  };
}

function otlpMeter(meter: Meter, times: Json): Json {
  const { name, description } = meter;
  if (meter.kind === 'histogram') {
    const dataPoints = meter.series.map(({ labels, counts, sum, count }) => ({
      ...times,
      count: String(count),
      sum,
      bucketCounts: counts.map(String),
      explicitBounds: meter.bounds,
      attributes: otlpAttributes(labels),
    }));
    return { name, description, histogram: { dataPoints, aggregationTemporality: cumulative } };
  }
  const dataPoints = meter.series.map(({ labels, value }) => ({
    ...times,
    asDouble: value,
    attributes: otlpAttributes(labels),
  }));
  if (meter.kind === 'gauge') return { name, description, gauge: { dataPoints } };
  return { name, description, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } };
}

function otlpAttributes(attributes: Attributes | Readonly<Record<string, unknown>>): readonly Json[] {
  const list: Json[] = [];
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) list.push({ key, value: otlpValue(value) });
  }
  return list;
}

function otlpValue(value: unknown): Json {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (value === null || value === undefined) return {};
      if (Array.isArray(value)) return { arrayValue: { values: value.map(otlpValue) } };
      return { kvlistValue: { values: otlpAttributes(value as Readonly<Record<string, unknown>>) } };
  }
}

/** Epoch milliseconds as nanoseconds in decimal; microseconds are what the fraction holds. */
function nanoseconds(epochMs: number): string {
  return `${Math.round(epochMs * 1_000)}000`;
}
