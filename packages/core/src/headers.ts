/** Names of the headers that Dure reads and writes, in lower case, as Node.js delivers them. */
export const headers = {
  /** Milliseconds the caller still waits: time left, not a point in time, so that clocks need not agree. */
  timeoutMs: 'dure-timeout-ms',
  /** Number of the attempt, from 1. */
  attempt: 'dure-attempt',
  /** Retries that the callers above still allow. */
  retryBudget: 'dure-retry-budget',
  /** Positions of logs that a following read must have seen: `order:118, inventory:42`. */
  position: 'dure-position',
  /** Whose answers were stood in for in this one: `product.getProduct;kind=last-good;age=12`. */
  fallback: 'dure-fallback',
  requestId: 'dure-request-id',
  idempotencyKey: 'idempotency-key',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} as const;

/** Headers with this prefix are ours; they are dropped where a request enters from outside. */
export const internalHeaderPrefix = 'dure-';
