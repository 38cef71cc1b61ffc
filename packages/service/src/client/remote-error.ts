import type { Clock, DureError, ErrorKind, Problem } from '@dure/core';
import { check, DureError as DureErrorValue, errorEntry, Refusal } from '@dure/core';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { retryAfterMs } from './retry-after.ts';

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'missing',
  405: 'method',
  409: 'conflict',
  413: 'too-large',
  415: 'media-type',
  422: 'unprocessable',
  429: 'limited',
  499: 'cancelled',
  500: 'internal',
  502: 'upstream',
  503: 'unavailable',
  504: 'timeout',
};
const retryableKinds: ReadonlySet<ErrorKind> = new Set(['limited', 'unavailable', 'upstream', 'timeout']);

/** What came back instead of a success. */
export interface RemoteFailure {
  readonly status: number;
  readonly instance: string;
  readonly body: unknown;
  readonly retryAfter: string | undefined;
  /** Refusals are told by their status alone. */
  readonly foreign: boolean;
}

/** A refusal when the answer is one that the contract declares, else an error with the remote's code. */
export function remoteError(operation: HttpOperation, failure: RemoteFailure, clock: Clock): Refusal | DureError {
  const problem = isProblem(failure.body) ? failure.body : undefined;
  const name = `${operation.service}.${operation.name}`;
  if (failure.foreign) {
    const refusal = refusalByStatus(operation, failure);
    if (refusal !== undefined) return refusal;
  }
  if (problem?.refusal !== undefined && operation.spec.refuses?.[problem.refusal] !== undefined) {
    return new Refusal({
      service: operation.service,
      operation: operation.name,
      code: problem.refusal,
      data: problem.data,
      status: failure.status,
    });
  }
  const kind = kindOfStatus[failure.status] ?? (failure.status >= 500 ? 'upstream' : 'invalid');
  const code = (failure.foreign ? undefined : problem?.code) ?? serviceErrors.REMOTE.code;
  const pauseMs = code === serviceErrors.STOPPING.code ? undefined : retryAfterMs(failure.retryAfter, clock);
  const details = {
    operation: name,
    instance: failure.instance,
    status: failure.status,
    ...(problem?.errors === undefined ? {} : { errors: problem.errors }),
    // An instance that is stopping says to everybody else how long to wait; we only go to another.
    ...(pauseMs === undefined ? {} : { retryAfterMs: pauseMs }),
  };
  const retryable = errorEntry(code)?.retryable ?? retryableKinds.has(kind);
  return new DureErrorValue(
    code,
    kind,
    `${name} answered ${failure.status}: ${problem?.detail ?? problem?.title ?? 'no problem was given'}`,
    { details, retryable },
  );
}

/** The declared refusal of that status, if the body is what was declared: a foreign service has no codes of ours. */
function refusalByStatus({ service, name, spec }: HttpOperation, { status, body }: RemoteFailure): Refusal | undefined {
  for (const [code, refusal] of Object.entries(spec.refuses ?? {})) {
    if (refusal.status !== status) continue;
    const data = check(refusal.data, body);
    if (data.ok) return new Refusal({ service, operation: name, code, data: data.value, status });
  }
  return undefined;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'status' in body && 'title' in body;
}
