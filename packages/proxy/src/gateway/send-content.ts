import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StaticFile } from './static-files.ts';

/** What a page of the storefront may do: load from its own origin and talk to it, and nothing else. */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Sends a file of the storefront, compressed as the client likes and the folder has it. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, id }: { readonly file: StaticFile; readonly id: string },
): number {
  const accepted = request.headers['accept-encoding'] ?? '';
  const [content, encoding] = compressed(file, typeof accepted === 'string' ? accepted : '');
  const fields = [
    ...['content-type', file.contentType, 'cache-control', file.cacheControl],
    ...['etag', encoding === undefined ? file.etag : `${file.etag.slice(0, -1)}-${encoding}"`],
    ...['x-content-type-options', 'nosniff', 'referrer-policy', 'same-origin'],
    ...['content-security-policy', contentSecurityPolicy, 'cross-origin-opener-policy', 'same-origin'],
    ...['dure-request-id', id],
  ];
  if (file.brotli !== undefined || file.gzip !== undefined) fields.push('vary', 'accept-encoding');
  if (encoding !== undefined) fields.push('content-encoding', encoding);
  return sendContent(request, response, fields, content);
}

/** Sends a whole body, or 304 when the client has it; `fields` holds its `etag`. */
export function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  fields: readonly string[],
  content: Buffer | string,
): number {
  const etag = fields[fields.indexOf('etag') + 1];
  const known = request.headers['if-none-match'];
  if (known !== undefined && fields.includes('etag') && matches(known, etag ?? '')) {
    response.writeHead(304, [...fields]).end();
    return 304;
  }
  response.writeHead(200, [...fields, 'content-length', String(Buffer.byteLength(content))]);
  response.end(request.method === 'HEAD' ? undefined : content);
  return 200;
}

function compressed(file: StaticFile, accepted: string): readonly [Buffer, string | undefined] {
  const takes = (coding: string) =>
    accepted.split(',').some((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  if (file.brotli !== undefined && takes('br')) return [file.brotli, 'br'];
  if (file.gzip !== undefined && takes('gzip')) return [file.gzip, 'gzip'];
  return [file.plain, undefined];
}

/** RFC 9110 §13.1.2, weak comparison. */
function matches(field: string, etag: string): boolean {
  return field.trim() === '*' || field.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}
