import type { EdgeLayer } from '../engine/edge-layer.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValues } from '../http/field-lines.ts';
import type { Coding } from './accepted-coding.ts';
import { acceptedCoding } from './accepted-coding.ts';
import { CompressedAnswer } from './compressed-answer.ts';

export interface CompressionOptions {
  /** Media types that are worth it; `*` stands for anything: `text/*`. Default: text, JSON, XML, JavaScript, WebAssembly, SVG. */
  readonly types?: readonly string[];
  /** Shorter bodies stay as they are. Default 1 024. */
  readonly minBytes?: number;
  /** The best first, for clients that like several equally. Default `zstd`, `br`, `gzip`. */
  readonly codings?: readonly Coding[];
}

const worthwhile = [
  'text/html',
  'text/css',
  'text/plain',
  'text/javascript',
  'text/csv',
  'text/xml',
  'text/markdown',
  'application/json',
  'application/*+json',
  'application/javascript',
  'application/xml',
  'application/*+xml',
  'application/wasm',
  'image/svg+xml',
];

/**
 * Compresses answers for clients that take it: once, with `Vary`, and with weak entity tags. Streams of events stay as they
 * are unless their type is named; then each event is flushed. Bodies of requests pass as they come.
 *
 * An answer that holds a secret beside what its caller chose tells the secret by its length, also through TLS (BREACH,
 * CVE-2013-3587): leave such routes without this layer. GATEWAY_PROTOCOL_INVALID when an option makes no sense.
 *
 * @example
 * route('reports', { path: '/reports/**', to: reports, access: 'user', layers: [named('Compression', compressed())] });
 */
export function compressed(options: CompressionOptions = {}): EdgeLayer {
  const { types = worthwhile, minBytes = 1_024, codings = ['zstd', 'br', 'gzip'] } = options;
  const pattern = new RegExp(`^\\s*(?:${types.map(patternOf).join('|')})\\s*(?:;|$)`, 'i');
  const isWorthwhile = (type: string) => pattern.test(type);
  return (next) => (exchange) => {
    const accept = fieldValues(exchange.fields, 'accept-encoding');
    const isRead = exchange.method !== 'HEAD' && accept.length > 0;
    const coding = isRead ? acceptedCoding(accept.join(','), codings) : undefined;
    exchange.answer = new CompressedAnswer(exchange.answer, { coding, isWorthwhile, minBytes });
    return next(exchange);
  };
}

function patternOf(type: string): string {
  if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(type)) {
    throw gatewayErrors.PROTOCOL_INVALID(
      `compression names "${type}", which is no media type; write text/* or text/html`,
    );
  }
  return type.replace(/[.+]/g, '\\$&').replaceAll('*', '[^;\\s]*');
}
