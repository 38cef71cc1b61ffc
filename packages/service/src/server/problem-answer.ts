import type { DureError, FieldError, Problem } from '@dure/core';
import { errorEntry, isDureError, isRefusal } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { statusOfKind } from './http-status.ts';

/** A problem and the headers that belong to it. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Turns whatever was thrown into a problem (RFC 9457). An error that is not ours, or a defect, says nothing about
 * itself but its trace id: its cause is in the log.
 */
export function problemAnswer(error: unknown, traceId: string): ProblemAnswer {
  if (isRefusal(error)) {
    const type = `urn:dure:refusal:${error.service}:${error.operation}:${error.code}`;
    const problem = { type, title: error.code, status: error.status, refusal: error.code, data: error.data, traceId };
    return { problem, headers: {} };
  }
  const known = isDureError(error) ? error : serviceErrors.INTERNAL('the operation failed');
  const shown = known.kind === 'internal' ? serviceErrors.INTERNAL('the operation failed') : known;
  const status = statusOfKind[shown.kind];
  const fields = fieldErrors(shown);
  const problem: Problem = {
    type: `urn:dure:error:${shown.code}`,
    title: errorEntry(shown.code)?.en.title ?? shown.code,
    status,
    detail: shown.message,
    code: shown.code,
    traceId,
    ...(fields === undefined ? {} : { errors: fields }),
  };
  return { problem, headers: headersOf(shown, status) };
}

function headersOf(error: DureError, status: number): Record<string, string> {
  if (status === 401) {
    return {
      'www-authenticate': error.code === serviceErrors.TOKEN_MISSING.code ? 'Bearer' : 'Bearer error="invalid_token"',
    };
  }
  if (status === 503 || status === 429) {
    // `openForMs` is how long a circuit breaker on the way stays open; another instance may well answer sooner.
    const { retryAfterMs, openForMs } = error.details;
    const waitMs = [retryAfterMs, openForMs, 1_000].find(Number.isFinite) as number;
    return { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
  }
  return {};
}

function fieldErrors(error: DureError): readonly FieldError[] | undefined {
  const errors = error.details.errors;
  return Array.isArray(errors) ? (errors as readonly FieldError[]) : undefined;
}
