import { spanAttributes } from '@dure/telemetry';
import type { LogLevel } from '../contract.ts';
import { consoleErrors } from '../errors.ts';
import type { NewLog, SpanKind, StoredSpan } from '../store/telemetry-store.port.ts';
import type { JsonObject } from './json.ts';
import { asHexId, asList, asObject, asText } from './json.ts';
import { flatValues, microseconds, plainFields, plainValue } from './otlp-values.ts';

/** What could be read of a request: items, how many could not be, and why the first of them. */
export interface Decoded<Item> {
  readonly items: readonly Item[];
  readonly rejected: number;
  readonly reason: string;
}

/** One value that a process said about itself. */
export interface Measurement {
  readonly service: string;
  readonly instance: string;
  readonly name: string;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

const kinds: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const severityLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const maxEvents = 128;

/** Reads the body of `POST /v1/traces`. CONSOLE_INGEST_MALFORMED when it is no OTLP request at all. */
export function decodeTraces(body: unknown): Decoded<StoredSpan> {
  return decode(body, 'resourceSpans', 'scopeSpans', 'spans', decodeSpan);
}

/** Reads the body of `POST /v1/logs`. CONSOLE_INGEST_MALFORMED when it is no OTLP request at all. */
export function decodeLogs(body: unknown, nowMs: number): Decoded<NewLog> {
  return decode(body, 'resourceLogs', 'scopeLogs', 'logRecords', (record, who) => decodeLog(record, who, nowMs));
}

/** Reads the numbers in the body of `POST /v1/metrics`. CONSOLE_INGEST_MALFORMED when it is no OTLP request at all. */
export function decodeMetrics(body: unknown, nowMs: number): Decoded<readonly Measurement[]> {
  return decode(body, 'resourceMetrics', 'scopeMetrics', 'metrics', (metric, who) => decodeMetric(metric, who, nowMs));
}

interface Source {
  readonly service: string;
  readonly instance: string;
}

function decode<Item>(
  body: unknown,
  root: string,
  scopes: string,
  items: string,
  read: (item: JsonObject, who: Source) => Item | string,
): Decoded<Item> {
  const resources = asList(asObject(body)?.[root]);
  if (resources === undefined) {
    throw consoleErrors.INGEST_MALFORMED(
      `the body is not an OTLP request: expected {"${root}":[{"resource":{…},"${scopes}":[{"${items}":[…]}]}]}`,
    );
  }
  const decoded: Item[] = [];
  const reasons: string[] = [];
  const place = (...path: readonly (string | number)[]) => path.join('.');
  for (const [at, resource] of resources.entries()) {
    const who = sourceOf(asObject(asObject(resource)?.resource));
    for (const [scopeAt, scope] of (asList(asObject(resource)?.[scopes]) ?? []).entries()) {
      for (const [itemAt, item] of (asList(asObject(scope)?.[items]) ?? []).entries()) {
        const object = asObject(item);
        const result = object === undefined ? 'is not an object' : read(object, who);
        if (typeof result === 'string') reasons.push(`${place(root, at, scopes, scopeAt, items, itemAt)} ${result}`);
        else decoded.push(result);
      }
    }
  }
  return { items: decoded, rejected: reasons.length, reason: reasons[0] ?? '' };
}

function sourceOf(resource: JsonObject | undefined): Source {
  const attributes = flatValues(plainFields(resource?.attributes));
  const service = String(attributes['service.name'] ?? 'unknown_service') || 'unknown_service';
  const instance = attributes['service.instance.id'] ?? attributes['host.name'] ?? service;
  return { service: service.slice(0, 100), instance: String(instance).slice(0, 200) };
}

function decodeSpan(span: JsonObject, who: Source): StoredSpan | string {
  const traceId = asHexId(span.traceId, 32);
  if (traceId === undefined) return 'has no "traceId" of 32 hexadecimal digits';
  const spanId = asHexId(span.spanId, 16);
  if (spanId === undefined) return 'has no "spanId" of 16 hexadecimal digits';
  const startUs = microseconds(span.startTimeUnixNano);
  if (startUs === undefined || startUs === 0) return 'has no "startTimeUnixNano": nanoseconds since 1970 in decimal';
  const endUs = microseconds(span.endTimeUnixNano) ?? startUs;
  const {
    [spanAttributes.code]: code,
    [spanAttributes.refusal]: refusal,
    ...attributes
  } = flatValues(plainFields(span.attributes));
  const status = asObject(span.status);
  const failed = status?.code === 2;
  const remote = attributes['peer.service'];
  const events = (asList(span.events) ?? []).slice(0, maxEvents).flatMap((event) => decodeEvent(event, startUs));
  const exception = events.find(({ name }) => name === 'exception')?.attributes['exception.message'];
  const error = asText(status?.message, 2_000) || (exception === undefined ? undefined : String(exception));
  return {
    traceId,
    spanId,
    parentId: asHexId(span.parentSpanId, 16),
    ...who,
    operation: asText(span.name) || 'unnamed',
    kind: kinds[Number(span.kind)] ?? 'internal',
    startUs,
    durationUs: Math.max(0, endUs - startUs),
    failed,
    code: code === undefined || code === '' ? undefined : String(code),
    error: failed ? (error ?? '') : undefined,
    refusal: refusal === undefined ? undefined : String(refusal),
    remoteService: typeof remote === 'string' && remote !== '' ? remote : undefined,
    attributes,
    events,
  };
}

function decodeEvent(value: unknown, startUs: number) {
  const event = asObject(value);
  if (event === undefined) return [];
  const atUs = microseconds(event.timeUnixNano) ?? startUs;
  return [{ name: asText(event.name) ?? '', atUs, attributes: flatValues(plainFields(event.attributes)) }];
}

function decodeLog(record: JsonObject, who: Source, nowMs: number): NewLog | string {
  const us = microseconds(record.timeUnixNano) || microseconds(record.observedTimeUnixNano);
  const body = plainValue(record.body);
  const { code, ...fields } = plainFields(record.attributes);
  const [traceId, spanId] = [asHexId(record.traceId, 32), asHexId(record.spanId, 16)];
  return {
    time: us === undefined ? nowMs : us / 1_000,
    level: levelOf(record),
    ...who,
    message: typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body),
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    ...(traceId === undefined ? {} : { traceId }),
    ...(traceId === undefined || spanId === undefined ? {} : { spanId }),
    fields,
  };
}

function levelOf({ severityNumber, severityText }: JsonObject): LogLevel {
  if (typeof severityNumber === 'number' && severityNumber >= 1) {
    return severityLevels[Math.floor((severityNumber - 1) / 4)] ?? 'fatal';
  }
  const text = asText(severityText)?.toLowerCase();
  return severityLevels.find((level) => level === text) ?? 'info';
}

/** Gauges and sums, one measurement a point; distributions are passed over. */
function decodeMetric(metric: JsonObject, who: Source, nowMs: number): readonly Measurement[] | string {
  const name = asText(metric.name);
  if (name === undefined || name === '') return 'has no "name"';
  const points = asList(asObject(metric.gauge)?.dataPoints) ?? asList(asObject(metric.sum)?.dataPoints) ?? [];
  return points.flatMap((value) => {
    const point = asObject(value);
    const number = typeof point?.asDouble === 'number' ? point.asDouble : Number(point?.asInt ?? Number.NaN);
    if (point === undefined || !Number.isFinite(number)) return [];
    const us = microseconds(point.timeUnixNano);
    return [{ ...who, name, value: number, time: us === undefined ? nowMs : us / 1_000 }];
  });
}
