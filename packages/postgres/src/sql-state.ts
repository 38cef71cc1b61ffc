import { messageOf } from '@dure/core';

/** Reads PostgreSQL's five-letter condition code (SQLSTATE) off an error, or off the error that caused it. */
export function sqlStateOf(error: unknown): string | undefined {
  return serverErrorIn(error)?.code;
}

function serverErrorIn(error: unknown): { readonly code: string; readonly detail?: unknown } | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if ('severity' in at && 'code' in at && typeof at.code === 'string') return at as Error & { readonly code: string };
  }
  return undefined;
}

/** Whether the transaction collided with another and may succeed when it runs again. */
export function isCollision(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}

/** Whether a message could not be appended because the partitions of the log end before its position. */
export function isBeyondPartitions(error: unknown): boolean {
  return sqlStateOf(error) === '23514' && messageOf(error).startsWith('no partition of relation "log"');
}

/** Whether the server itself said no while the session stayed intact, so that the transaction is surely rolled back. */
export function isRefusedByServer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

/** Whether a text could not be stored: `\u0000` or half a surrogate pair in JSON, or bytes that are no UTF-8. */
export function isUnstorable(error: unknown): boolean {
  const { code, detail } = serverErrorIn(error) ?? {};
  const isHalfPair = code === '22P02' && String(detail).startsWith('Unicode');
  return code === '22P05' || code === '22021' || isHalfPair;
}

/** Whether the server ended the session with this error, as it does with each session when it stops. */
export function endsSession(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC');
}
