import type { DureError, ErrorDetails, ErrorKind } from '@dure/core';
import { DureError as DureErrorValue, isDureError, messageOf } from '@dure/core';
import { resilienceErrors } from '../errors.ts';

/** What a worker answers to a task. */
export type TaskOutcome =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: ErrorInTransit };

/** An error as far as it survives the way between threads. */
export interface ErrorInTransit {
  readonly message: string;
  readonly stack: string | undefined;
  readonly known?: {
    readonly code: string;
    readonly kind: ErrorKind;
    readonly retryable: boolean;
    readonly details: ErrorDetails;
  };
}

/** Packs what a task threw. */
export function packError(error: unknown): ErrorInTransit {
  const packed = { message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
  if (!isDureError(error)) return packed;
  const { code, kind, retryable, details } = error;
  return { ...packed, known: { code, kind, retryable, details } };
}

/** Unpacks it: a Dure error is itself again, anything else becomes RESILIENCE_TASK_FAILED. */
export function unpackError(pool: string, { message, stack, known }: ErrorInTransit): DureError {
  if (known !== undefined) return new DureErrorValue(known.code, known.kind, message, known);
  return resilienceErrors.TASK_FAILED(`a task of "${pool}" failed: ${message}`, {
    details: { name: pool, ...(stack === undefined ? {} : { stack }) },
  });
}
