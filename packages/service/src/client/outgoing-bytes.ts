import type { DureError } from '@dure/core';
import { check, messageOf } from '@dure/core';
import type { BytesSchema, HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';

/** Bytes on their way out. */
export interface OutgoingBytes {
  readonly type: string;
  readonly length: number | undefined;
  /** Read only once there is a connection, so that an attempt that never got one takes nothing from it. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Why the source itself broke off, if it did. */
  failure(): DureError | undefined;
}

/** Prepares what a caller gave as bytes. SERVICE_INPUT_INVALID when it is none, or of a media type that is not allowed. */
export function outgoingBytes({ service, name }: HttpOperation, schema: BytesSchema, source: unknown): OutgoingBytes {
  const checked = check(schema, source, 'body');
  if (!checked.ok)
    throw serviceErrors.INPUT_INVALID(
      `${service}.${name}: body: ${checked.errors.map(({ message }) => message).join('; ')}`,
      { details: { errors: checked.errors } },
    );
  const { type, length } = checked.value;
  let broken: DureError | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* checked.ok ? checked.value : [];
    } catch (cause) {
      broken = serviceErrors.BODY_BROKEN(`${service}.${name}: the source of the body broke off: ${messageOf(cause)}`, {
        cause,
      });
      throw broken;
    }
  }
  const content = source instanceof Uint8Array ? source : { [Symbol.asyncIterator]: watched };
  return { type, length, content, failure: () => broken };
}
