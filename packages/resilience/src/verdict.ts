import type { ErrorKind } from '@dure/core';
import { isDureError, isRefusal } from '@dure/core';
import { resilienceErrors } from './errors.ts';

/**
 * What a call says about the health of what was called. `answered` counts nothing while closed, but shows that a probe
 * was answered; `nothing` gives the permit back as if the call had not been made.
 */
export type Verdict = 'success' | 'failure' | 'answered' | 'nothing';

const verdicts: Readonly<Record<ErrorKind, Verdict>> = {
  unavailable: 'failure',
  upstream: 'failure',
  timeout: 'failure',
  internal: 'failure',
  cancelled: 'nothing',
  limited: 'nothing',
  invalid: 'answered',
  unauthenticated: 'answered',
  forbidden: 'answered',
  missing: 'answered',
  method: 'answered',
  conflict: 'answered',
  unprocessable: 'answered',
  'too-large': 'answered',
  'media-type': 'answered',
};

const ownRefusals: ReadonlySet<string> = new Set([
  resilienceErrors.BREAKER_OPEN.code,
  resilienceErrors.BULKHEAD_FULL.code,
  resilienceErrors.RATE_LIMITED.code,
  resilienceErrors.OVERLOADED.code,
  resilienceErrors.SHUT_DOWN.code,
]);

/** What an error says about the health of what was called: the one table. */
export function verdictOf(error: unknown): Verdict {
  if (isRefusal(error)) return 'answered';
  if (!isDureError(error)) return 'failure';
  // A layer inside refused it and nothing was sent: the other side was never asked.
  if (error.details.sent === false && ownRefusals.has(error.code)) return 'nothing';
  // The other side is well, and carries out what it can: to stop asking would waste that.
  if (error.code === resilienceErrors.OVERLOADED.code) return 'answered';
  return verdicts[error.kind];
}

/** What an error says when the call's signal may have ended it: a timeout further out is a failure, a caller who left is not. */
export function verdictOfEnded(error: unknown, signal: AbortSignal): Verdict {
  if (!signal.aborted) return verdictOf(error);
  const reason: unknown = signal.reason;
  return isDureError(reason) && reason.kind === 'timeout' ? 'failure' : 'nothing';
}
