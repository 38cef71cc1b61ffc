import type { Schema, SchemaResult } from '@dure/core';
import { serviceErrors } from '../errors.ts';

/** Bytes on their way, read once and no faster than the reader takes them. What is not read to its end must be left by `break` or `return`. */
export interface Bytes extends AsyncIterable<Uint8Array> {
  /** The media type: `image/png`. */
  readonly type: string;
  /** How many there will be, where that is known. */
  readonly length?: number | undefined;
}

/** What can be sent: a stream of any make (a Node.js `Readable`, a generator, `Bytes`), or bytes in memory, which can be sent again. */
export type BytesSource = AsyncIterable<Uint8Array> | Uint8Array;

/** What a contract says of raw bytes. */
export interface BytesOptions {
  /** The media types that are allowed, `image/*` included. Default `application/octet-stream`. The first is the one of bytes that do not say theirs. */
  readonly type?: string | readonly string[];
  /** The most there may be. Default 16 MiB for a body, no limit for an output. */
  readonly maxBytes?: number;
}

/** The schema of raw bytes. */
export interface BytesSchema extends Schema<BytesSource, Bytes> {
  readonly bytes: { readonly types: readonly string[]; readonly maxBytes: number | undefined };
}

/** The most bytes that a body has when its contract does not say. */
export const defaultMaxBytes = 16 * 2 ** 20;

/**
 * Declares a body or an output of raw bytes, such as a file: never held in memory, neither by the client nor the server
 * nor the gateway. SERVICE_CONTRACT_INVALID when the media type is none or the limit makes no sense.
 *
 * @example
 * putPhoto: put('/photos/:id', { params, body: bytes({ type: 'image/*', maxBytes: 5_000_000 }), access: 'user' })
 */
export function bytes(options: BytesOptions = {}): BytesSchema {
  const { type = 'application/octet-stream', maxBytes } = options;
  const types = typeof type === 'string' ? [type] : type;
  for (const one of types) {
    if (!/^[a-z0-9.+-]+\/([a-z0-9.+-]+|\*)$|^\*\/\*$/.test(one))
      throw serviceErrors.CONTRACT_INVALID(
        `bytes: "${one}" is not a media type such as "image/png" or "image/*", in lower case`,
      );
  }
  if (types.length === 0 || (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 0)))
    throw serviceErrors.CONTRACT_INVALID(
      'bytes: give at least one media type, and as `maxBytes` a whole number above 0',
    );
  const json = () => ({ type: 'string', format: 'binary' });
  return {
    bytes: { types, maxBytes },
    '~standard': {
      version: 1,
      vendor: 'dure',
      validate: (value) => understood(value, types),
      jsonSchema: { input: json, output: json },
    },
  };
}

/**
 * Gives a source its media type and, if known, its length.
 *
 * @example
 * return bytesOf(createReadStream(path), { type: 'image/png' });
 */
export function bytesOf(
  source: BytesSource,
  { type, length }: { readonly type: string; readonly length?: number | undefined },
): Bytes {
  const known = source instanceof Uint8Array ? source.byteLength : length;
  return {
    type,
    ...(known === undefined ? {} : { length: known }),
    [Symbol.asyncIterator]: source instanceof Uint8Array ? () => once(source) : () => source[Symbol.asyncIterator](),
  };
}

/** The same bytes, ending in an error once there are more than `maxBytes`. */
export function limitedBytes(from: Bytes, maxBytes: number, tooMany: () => Error): Bytes {
  async function* counted(): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const piece of from) {
      count += piece.byteLength;
      if (count > maxBytes) throw tooMany();
      yield piece;
    }
  }
  return { type: from.type, length: from.length, [Symbol.asyncIterator]: counted };
}

/** Whether a schema is one of raw bytes. */
export function isBytes(schema: unknown): schema is BytesSchema {
  return typeof schema === 'object' && schema !== null && '~standard' in schema && 'bytes' in schema;
}

/** Whether one of the media types allows this one; parameters such as `charset` do not count. */
export function allowsType(types: readonly string[], type: string): boolean {
  const plain = (type.split(';')[0] ?? '').trim().toLowerCase();
  const [family = ''] = plain.split('/');
  return types.some((allowed) => allowed === plain || allowed === `${family}/*` || allowed === '*/*');
}

function understood(value: unknown, types: readonly string[]): SchemaResult<Bytes> {
  const isArray = value instanceof Uint8Array;
  if (!isArray && !isAsyncIterable(value))
    return {
      issues: [{ message: 'expected bytes: a Uint8Array or an AsyncIterable of them', code: 'invalid_type' }],
    };
  const type = 'type' in value && typeof value.type === 'string' ? value.type : types[0];
  if (type === undefined || type.includes('*') || !allowsType(types, type))
    return {
      issues: [{ message: `the media type is "${type}", but must be ${types.join(' or ')}`, code: 'media_type' }],
    };
  const length = 'length' in value && typeof value.length === 'number' ? value.length : undefined;
  return { value: bytesOf(value, { type, length }) };
}

async function* once(array: Uint8Array): AsyncGenerator<Uint8Array> {
  if (array.byteLength > 0) yield array;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
