import { isSecretKey, masked } from '@dure/telemetry';
import { consoleErrors } from '../errors.ts';
import type { SpanKind, StoredSpan, Values } from '../store/telemetry-store.port.ts';
import type { JsonObject } from './json.ts';
import { asList, asObject, asText } from './json.ts';

const kinds: ReadonlyMap<unknown, SpanKind> = new Map([
  ['CLIENT', 'client'],
  ['SERVER', 'server'],
  ['PRODUCER', 'producer'],
  ['CONSUMER', 'consumer'],
]);

/**
 * Reads the body of Zipkin's `POST /api/v2/spans` (openzipkin/zipkin-api). As there, one bad span refuses the list:
 * CONSOLE_INGEST_MALFORMED names it.
 */
export function decodeZipkin(body: unknown, nowUs: number): readonly StoredSpan[] {
  const list = asList(body);
  if (list === undefined) {
    throw consoleErrors.INGEST_MALFORMED('Expected a JSON_V2 encoded list: [{"traceId":"…","id":"…","name":"…"}]');
  }
  return list.map((item, index) => {
    const span = asObject(item);
    if (span === undefined) throw malformed(index, 'is not an object');
    if ('binaryAnnotations' in span) throw malformed(index, 'is of version 1; send version 2, which has "tags"');
    return decodeSpan(span, index, nowUs);
  });
}

function decodeSpan(span: JsonObject, index: number, nowUs: number): StoredSpan {
  const spanId = hexId(span.id, 16, 'id', index);
  const traceId = hexId(span.traceId, 32, 'traceId', index);
  if (spanId === undefined || traceId === undefined) throw malformed(index, 'has no "traceId" and "id"');
  const parentId = optionalId(span.parentId, index);
  const kind = span.kind ?? undefined;
  const known = kind === undefined ? 'internal' : kinds.get(kind);
  if (known === undefined)
    throw malformed(index, `has the kind "${String(kind).slice(0, 40)}"; CLIENT, SERVER, PRODUCER or CONSUMER`);
  const local = asObject(span.localEndpoint);
  const service = asText(local?.serviceName, 100)?.toLowerCase() || 'unknown';
  const remote = asText(asObject(span.remoteEndpoint)?.serviceName, 100)?.toLowerCase();
  const tags = decodeTags(span.tags, index);
  const { error } = tags;
  const startUs = positive(span.timestamp) ?? nowUs;
  return {
    traceId,
    spanId,
    parentId: parentId === spanId ? undefined : parentId,
    service,
    instance: instanceOf(local, service),
    operation: asText(span.name)?.toLowerCase() || 'unnamed',
    kind: known,
    startUs,
    durationUs: positive(span.duration) ?? 0,
    failed: error !== undefined,
    code: undefined,
    error: error === undefined ? undefined : String(error),
    refusal: undefined,
    remoteService: remote === '' ? undefined : remote,
    attributes: tags,
    events: decodeAnnotations(span.annotations, index),
  };
}

function hexId(value: unknown, longest: 16 | 32, field: string, index: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > longest || !/^[0-9a-f]+$/.test(value)) {
    throw malformed(index, `has a "${field}" that is not 1 to ${longest} lower-case hexadecimal digits`);
  }
  const padded = value.padStart(longest, '0');
  if (/^0+$/.test(padded)) throw malformed(index, `has a "${field}" of zeros only`);
  return padded;
}

/** Unlike the others, a parent of zeros only stands for none. */
function optionalId(value: unknown, index: number): string | undefined {
  return typeof value === 'string' && /^0+$/.test(value) ? undefined : hexId(value, 16, 'parentId', index);
}

function instanceOf(endpoint: JsonObject | undefined, service: string): string {
  const address = asText(endpoint?.ipv4, 40) ?? asText(endpoint?.ipv6, 60);
  const port = positive(endpoint?.port);
  return address === undefined ? service : `${service}@${address}${port === undefined ? '' : `:${port}`}`;
}

function decodeTags(value: unknown, index: number): Values {
  const tags = Object.entries(asObject(value) ?? {}).slice(0, 128);
  return Object.fromEntries(
    tags.map(([key, tag]) => {
      const text = asText(typeof tag === 'number' ? String(tag) : tag, 4_096);
      if (text === undefined) throw malformed(index, `has a tag "${key.slice(0, 40)}" that is not text`);
      return [key, isSecretKey(key) ? masked : text];
    }),
  );
}

function decodeAnnotations(value: unknown, index: number): StoredSpan['events'] {
  return (asList(value) ?? []).slice(0, 128).map((item) => {
    const annotation = asObject(item);
    const [atUs, name] = [positive(annotation?.timestamp), asText(annotation?.value, 1_000)];
    if (atUs === undefined || name === undefined)
      throw malformed(index, 'has an annotation without "timestamp" and "value"');
    return { name, atUs, attributes: {} };
  });
}

function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(Math.floor(number)) && number > 0
    ? Math.floor(number)
    : undefined;
}

function malformed(index: number, what: string) {
  return consoleErrors.INGEST_MALFORMED(`Expected a JSON_V2 encoded list: the span at ${index} ${what}`);
}
