import type { ErrorKind } from '@dure/core';

/** The HTTP status of each kind of error: the one place where it is chosen. */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  method: 405,
  conflict: 409,
  'too-large': 413,
  'media-type': 415,
  unprocessable: 422,
  limited: 429,
  cancelled: 499,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
};
