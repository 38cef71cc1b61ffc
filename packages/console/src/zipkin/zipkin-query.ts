import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { zipkinTags } from './zipkin-encode.ts';

/** What `GET /api/v2/traces` asks for. */
export interface ZipkinQuery {
  readonly serviceName: string | undefined;
  readonly remoteServiceName: string | undefined;
  readonly spanName: string | undefined;
  /** `key` or `key=value`, all of which must be met. */
  readonly annotations: readonly { readonly key: string; readonly value: string | undefined }[];
  readonly minDurationUs: number | undefined;
  readonly maxDurationUs: number | undefined;
  readonly endMs: number;
  readonly lookbackMs: number;
  readonly limit: number;
}

const dayMs = 86_400_000;

/** Reads the parameters; a text says what is wrong with them. */
export function zipkinQuery(query: URLSearchParams, nowMs: number): ZipkinQuery | string {
  const numbers: Record<string, number | undefined> = {};
  for (const name of ['minDuration', 'maxDuration', 'endTs', 'lookback', 'limit']) {
    const text = query.get(name);
    if (text === null || text === '') continue;
    if (!/^\d{1,15}$/.test(text)) return `${name} is "${text.slice(0, 40)}"; it must be a whole number`;
    numbers[name] = Number(text);
  }
  const { minDuration, maxDuration, endTs = nowMs, lookback = dayMs, limit = 10 } = numbers;
  if (maxDuration !== undefined && minDuration === undefined) return 'maxDuration is only valid with minDuration';
  if (limit < 1 || endTs < 1) return 'limit and endTs must be greater than 0';
  const name = (key: string) => query.get(key)?.toLowerCase() || undefined;
  const spanName = name('spanName');
  return {
    serviceName: name('serviceName'),
    remoteServiceName: name('remoteServiceName'),
    spanName: spanName === 'all' ? undefined : spanName,
    annotations: (query.get('annotationQuery') ?? '')
      .split(' and ')
      .filter((term) => term.trim() !== '')
      .map((term) => {
        const at = term.indexOf('=');
        return at < 0
          ? { key: term.trim(), value: undefined }
          : { key: term.slice(0, at).trim(), value: term.slice(at + 1).trim() };
      }),
    minDurationUs: minDuration,
    maxDurationUs: maxDuration,
    endMs: endTs,
    lookbackMs: lookback,
    limit: Math.min(limit, 1_000),
  };
}

/** Whether each criterion is met by some span of the service, not necessarily the same one (Zipkin's rule). */
export function matchesZipkin(query: ZipkinQuery, trace: readonly StoredSpan[]): boolean {
  const spans = trace.filter(({ service }) => (query.serviceName ?? service.toLowerCase()) === service.toLowerCase());
  if (spans.length === 0) return false;
  const some = (wanted: string | undefined, read: (span: StoredSpan) => string | undefined) =>
    wanted === undefined || spans.some((span) => read(span)?.toLowerCase() === wanted);
  const { minDurationUs: least = 0, maxDurationUs: most = Number.POSITIVE_INFINITY } = query;
  return (
    some(query.remoteServiceName, ({ remoteService }) => remoteService) &&
    some(query.spanName, ({ operation }) => operation) &&
    spans.some(({ durationUs }) => durationUs >= least && durationUs <= most) &&
    query.annotations.every(({ key, value }) => spans.some((span) => annotated(span, key, value)))
  );
}

function annotated(span: StoredSpan, key: string, value: string | undefined): boolean {
  const tag = zipkinTags(span)[key];
  if (value !== undefined) return tag === value;
  return tag !== undefined || span.events.some(({ name }) => name === key);
}
