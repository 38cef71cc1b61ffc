/** Why a request might be sent again: the status of its answer, or that there was none. */
export type RetryReason = number | 'connection' | 'timeout';

/** When a request is sent again, and how. */
export interface RetryRule {
  /** Attempts after the first. */
  readonly retries: number;
  /** Statuses that are tried again, each from and to, inclusive. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  /** Whether it is also sent again when its connection failed, or when no answer came in time. Default: neither. */
  readonly failures?: readonly ('connection' | 'timeout')[];
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
  /** After so long no attempt begins any more, counted from the request's arrival. */
  readonly timeoutMs?: number;
}

/** The pause before another attempt, in milliseconds; undefined when the rule allows none. `draw` in [0, 1). */
export function nextPauseMs(
  rule: RetryRule,
  why: RetryReason,
  { attempts, elapsedMs, draw }: { readonly attempts: number; readonly elapsedMs: number; readonly draw: number },
): number | undefined {
  const isReason = typeof why === 'number' ? isRetriedStatus(rule, why) : rule.failures?.includes(why) === true;
  if (!isReason || attempts > rule.retries) return undefined;
  const pauseMs = retryPauseMs(rule, attempts, draw);
  return elapsedMs + pauseMs > (rule.timeoutMs ?? Number.POSITIVE_INFINITY) ? undefined : pauseMs;
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
