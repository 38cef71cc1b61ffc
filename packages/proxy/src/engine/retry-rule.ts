/** When a request is sent again although an answer came, and how. */
export interface RetryRule {
  /** Attempts after the first. */
  readonly retries: number;
  /** Statuses that are tried again, each from and to, inclusive. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  /** The pause before an attempt; without, at once. */
  readonly backoff?: {
    readonly firstMs: number;
    readonly maxMs?: number;
    readonly factor: number;
    /** Whether the factor counts from the pause before; else from the first. */
    readonly basedOnPreviousValue: boolean;
  };
  /** Share of a pause by which it varies, 0 to 1. */
  readonly jitter?: number;
}

/** Whether a status is one to be tried again. */
export function isRetriedStatus({ statuses }: RetryRule, status: number): boolean {
  return statuses.some(([from, to]) => status >= from && status <= to);
}

/** The pause before the attempt after so many, in milliseconds; `draw` in [0, 1). */
export function retryPauseMs({ backoff, jitter = 0 }: RetryRule, attempts: number, draw: number): number {
  if (backoff === undefined) return 0;
  const { firstMs, maxMs = Number.POSITIVE_INFINITY, factor, basedOnPreviousValue } = backoff;
  const exponent = basedOnPreviousValue ? attempts - 1 : Math.min(attempts - 1, 1);
  const pause = Math.min(firstMs * factor ** exponent, maxMs);
  return Math.min(pause * (1 + jitter * (2 * draw - 1)), maxMs);
}
