import type { Operation } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { longestKey } from './inbound-call.ts';

/** SERVICE_IDEMPOTENCY_KEY_MISSING for an operation that needs a key and is called without one. */
export function demandKey(operation: Operation, key: string | undefined): void {
  if (operation.idempotent !== 'key' || key !== undefined) return;
  throw serviceErrors.IDEMPOTENCY_KEY_MISSING(
    `${operation.service}.${operation.name} takes effect once per Idempotency-Key; the header is absent, or longer than ${longestKey} characters`,
  );
}
