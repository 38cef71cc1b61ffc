import type { FieldError } from './schema.ts';

/** The media type of a problem (RFC 9457). */
export const problemMediaType = 'application/problem+json';

/** A problem as it travels: RFC 9457 with our extensions. Clients match on `code` or `refusal`, not on `status`. */
export interface Problem {
  /** `urn:dure:error:<code>`, or `urn:dure:refusal:<service>:<operation>:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** The error's code; absent for a refusal. */
  readonly code?: string;
  readonly traceId?: string;
  /** The fields that do not fit. */
  readonly errors?: readonly FieldError[];
  /** The code of a declared refusal, and its data. */
  readonly refusal?: string;
  readonly data?: unknown;
}
