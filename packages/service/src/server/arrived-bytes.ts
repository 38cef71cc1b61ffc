import type { IncomingMessage } from 'node:http';
import { messageOf } from '@dure/core';
import type { Bytes, BytesSchema } from '../contract/bytes.ts';
import { allowsType, bytesOf, defaultMaxBytes } from '../contract/bytes.ts';
import { serviceErrors } from '../errors.ts';

/**
 * The body of a request as bytes, taken from the connection as they are read. SERVICE_MEDIA_TYPE and SERVICE_BODY_TOO_LARGE
 * before the first byte where the header tells; SERVICE_BODY_BROKEN while reading when the caller hangs up.
 */
export function arrivedBytes(
  request: IncomingMessage,
  { bytes: { types, maxBytes } }: BytesSchema,
  name: string,
): Bytes {
  const { 'content-type': type = types[0] ?? '', 'content-length': stated } = request.headers;
  if (!allowsType(types, type))
    throw serviceErrors.MEDIA_TYPE(`${name} takes ${types.join(' or ')}, not "${type.slice(0, 100)}"`, {
      details: { types },
    });
  const most = maxBytes ?? defaultMaxBytes;
  const length = stated === undefined ? undefined : Number(stated);
  if (length !== undefined && length > most) throw tooLarge(name, most);
  return bytesOf({ [Symbol.asyncIterator]: () => read(request, name) }, { type, length });
}

/** The error of a body of more than `maxBytes`. */
export function tooLarge(name: string, maxBytes: number): Error {
  return serviceErrors.BODY_TOO_LARGE(`${name}: the body is larger than the ${maxBytes} bytes that are taken`, {
    details: { maxBytes },
  });
}

async function* read(request: IncomingMessage, name: string): AsyncGenerator<Uint8Array> {
  try {
    // Destroying it would take the connection with it, by which the answer has yet to go.
    for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Uint8Array;
  } catch (cause) {
    throw serviceErrors.BODY_BROKEN(`${name}: the body broke off: ${messageOf(cause)}`, { cause });
  }
}
