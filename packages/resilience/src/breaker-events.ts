export type BreakerState = 'closed' | 'open' | 'half-open' | 'disabled' | 'metrics-only' | 'forced-open';

/** States that only a person or a program brings about, and that stay until the next. */
export type BreakerSwitch = 'closed' | 'open' | 'disabled' | 'metrics-only' | 'forced-open';

/** Successes are no events: nothing else would be seen. They are counted in the snapshot. */
export type BreakerEvent =
  | {
      readonly kind: 'opened';
      readonly name: string;
      readonly from: BreakerState;
      readonly failureRatio: number;
      readonly slowRatio: number;
      readonly openMs: number;
    }
  | { readonly kind: 'half-opened'; readonly name: string }
  | { readonly kind: 'closed'; readonly name: string; readonly from: BreakerState }
  | { readonly kind: 'switched'; readonly name: string; readonly from: BreakerState; readonly to: BreakerSwitch }
  | {
      readonly kind: 'exceeded';
      readonly name: string;
      readonly what: 'failures' | 'slow calls';
      readonly ratio: number;
    }
  | {
      readonly kind: 'failed';
      readonly name: string;
      /** 0 when calls are not timed. */
      readonly durationMs: number;
      readonly error?: unknown;
    }
  | { readonly kind: 'ignored'; readonly name: string; readonly error: unknown }
  | { readonly kind: 'rejected'; readonly name: string };

/** What a breaker has seen. Ratios are undefined until there were `minimumCalls`. */
export interface BreakerSnapshot {
  readonly name: string;
  readonly state: BreakerState;
  readonly failureRatio: number | undefined;
  readonly slowRatio: number | undefined;
  readonly failureLimit: number;
  readonly slowLimit: number;
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  readonly slowFailed: number;
  /** Calls that were refused since the state began. */
  readonly rejected: number;
}
