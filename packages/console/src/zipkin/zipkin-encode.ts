import type { StoredSpan } from '../store/telemetry-store.port.ts';

/** Writes a trace as Zipkin v2 JSON (openzipkin/zipkin-api), names in lower case, times in microseconds. */
export function zipkinTrace(spans: readonly StoredSpan[]): readonly object[] {
  const clients = new Set(spans.filter(({ kind }) => kind === 'client').map(({ spanId }) => spanId));
  return spans.map((span) => ({
    traceId: zipkinTraceId(span.traceId),
    ...(span.parentId === undefined ? {} : { parentId: span.parentId }),
    id: span.spanId,
    ...(span.kind === 'internal' ? {} : { kind: span.kind.toUpperCase() }),
    name: span.operation.toLowerCase(),
    timestamp: span.startUs,
    ...(span.durationUs > 0 ? { duration: span.durationUs } : {}),
    localEndpoint: { serviceName: span.service.toLowerCase() },
    ...(span.remoteService === undefined ? {} : { remoteEndpoint: { serviceName: span.remoteService.toLowerCase() } }),
    ...(span.events.length === 0
      ? {}
      : { annotations: span.events.map(({ atUs, name }) => ({ timestamp: atUs, value: name })) }),
    tags: zipkinTags(span),
    ...(span.kind === 'server' && clients.has(span.spanId) ? { shared: true } : {}),
  }));
}

/** Attributes as text, and what Zipkin expects as the tag `error`. */
export function zipkinTags(span: StoredSpan): Readonly<Record<string, string>> {
  const tags = Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, String(value)]));
  if (span.code !== undefined) tags['dure.code'] = span.code;
  if (span.refusal !== undefined) tags['dure.refusal'] = span.refusal;
  if (span.failed) tags.error = span.error === undefined || span.error === '' ? (span.code ?? 'true') : span.error;
  return tags;
}

/** A 64-bit id has 16 digits there and leading zeros here. */
function zipkinTraceId(traceId: string): string {
  return /^0{16}/.test(traceId) ? traceId.slice(16) : traceId;
}
