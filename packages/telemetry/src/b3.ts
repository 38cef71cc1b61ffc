import type { TraceContext } from '@dure/core';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const single = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-([0-9a-f]{16}))?)?$/;

/**
 * Reads Zipkin's B3 headers (github.com/openzipkin/b3-propagation): the single `b3` header wins over the `x-b3-*`
 * ones; undefined when there are none or they are invalid, so that a new trace starts. An absent decision counts as
 * sampled; 64-bit trace ids are padded to 128.
 */
export function parseB3(headers: Headers): TraceContext | undefined {
  const b3 = text(headers, 'b3');
  if (b3 !== undefined) {
    const match = single.exec(b3);
    return match === null ? undefined : context(match[1], match[2], match[3] !== '0');
  }
  const sampled = text(headers, 'x-b3-flags') === '1' || !['0', 'false'].includes(text(headers, 'x-b3-sampled') ?? '1');
  return context(text(headers, 'x-b3-traceid'), text(headers, 'x-b3-spanid'), sampled);
}

/** Writes the single `b3` header. */
export function formatB3(trace: TraceContext): string {
  return `${trace.traceId}-${trace.spanId}-${trace.sampled ? '1' : '0'}`;
}

function context(traceId: string | undefined, spanId: string | undefined, sampled: boolean): TraceContext | undefined {
  if (traceId === undefined || spanId === undefined) return undefined;
  if (!/^([0-9a-f]{32}|[0-9a-f]{16})$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId: traceId.padStart(32, '0'), spanId, sampled };
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
}
