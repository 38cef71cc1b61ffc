import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '@dure/core';
import type { HttpRequest } from '@dure/service/server';
import { consoleErrors } from '../errors.ts';

/** The largest body, as sent and unpacked. */
export const maxBodyBytes = 4 * 1_048_576;
export const maxUnpackedBytes = 16 * 1_048_576;

const unpack = promisify(gunzip);

/**
 * The JSON value in a body, unpacked; undefined when it is empty. CONSOLE_INGEST_ENCODING, CONSOLE_INGEST_TOO_LARGE,
 * CONSOLE_INGEST_MALFORMED.
 */
export async function ingestBody(request: HttpRequest): Promise<unknown> {
  const type = header(request, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && type !== 'application/json') {
    throw consoleErrors.INGEST_ENCODING(`the body is "${type.slice(0, 80)}"; only application/json is taken here`);
  }
  const bytes = await plainBytes(request);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw consoleErrors.INGEST_MALFORMED(`the body is not JSON in UTF-8: ${messageOf(cause).slice(0, 200)}`, { cause });
  }
}

async function plainBytes(request: HttpRequest): Promise<Uint8Array> {
  const encoding = header(request, 'content-encoding')?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return request.body;
  if (encoding !== 'gzip') {
    throw consoleErrors.INGEST_ENCODING(`the body is packed as "${encoding.slice(0, 40)}"; only gzip is taken`);
  }
  try {
    return await unpack(request.body, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw consoleErrors.INGEST_TOO_LARGE(`the body is larger than ${maxUnpackedBytes} bytes when unpacked`, {
        cause,
      });
    }
    throw consoleErrors.INGEST_MALFORMED(`the body is not gzip: ${messageOf(cause)}`, { cause });
  }
}

function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
