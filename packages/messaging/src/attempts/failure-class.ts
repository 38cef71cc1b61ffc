import type { ErrorKind } from '@dure/core';
import { isDureError } from '@dure/core';
import { messagingErrors } from '../errors.ts';

/**
 * What an error says of trying again: `transient` may pass by itself, because somebody is down or too busy; `plain` says nothing;
 * `fatal` is the same however often it is tried, until somebody changes the code or the message.
 */
export type FailureClass = 'transient' | 'plain' | 'fatal';

const transientKinds: ReadonlySet<ErrorKind> = new Set(['unavailable', 'upstream', 'timeout', 'limited', 'cancelled']);

/** Errors of this package that no repetition mends. */
export const fatalCodes: ReadonlySet<string> = new Set(
  [
    messagingErrors.CLAIM_BROKEN,
    messagingErrors.CLAIM_GONE,
    messagingErrors.DATA_INVALID,
    messagingErrors.VERSION_UNKNOWN,
    messagingErrors.UPCAST_FAILED,
  ].map(({ code }) => code),
);

/** Classes an error by its code and kind; an error that is none of Dure's is plain. */
export function failureClass(error: unknown, fatal: ReadonlySet<string> = fatalCodes): FailureClass {
  if (!isDureError(error)) return 'plain';
  if (fatal.has(error.code)) return 'fatal';
  return error.retryable || transientKinds.has(error.kind) ? 'transient' : 'plain';
}
