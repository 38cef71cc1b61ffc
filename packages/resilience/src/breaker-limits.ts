import { checkOption, refuseOption } from './options.ts';
import type { OutcomeWindow } from './outcome-window.ts';
import { countWindow, timeWindow } from './outcome-window.ts';

/** When a circuit breaker opens, and how it closes again. All of it may change while running. */
export interface BreakerLimits {
  /** How many outcomes are looked at: the last ones. Default 50; not together with `windowMs`. */
  readonly window?: number | undefined;
  /** Looks at the outcomes of the last so many milliseconds instead of a number of them. */
  readonly windowMs?: number | undefined;
  /** Outcomes needed before a ratio means anything; with `window`, at most that. Default 10. */
  readonly minimumCalls?: number | undefined;
  /** The share of failures, 0 to 1, at which it opens. Default 0.5. */
  readonly failureRatio?: number | undefined;
  /** A call that took longer than this, in milliseconds, is slow. Default: no call is, and none is timed. */
  readonly slowCallMs?: number | undefined;
  /** The share of slow calls, 0 to 1, at which it opens. Default 1. */
  readonly slowRatio?: number | undefined;
  /** How long it stays open at first, in milliseconds; doubles with each opening in a row. Default 2 000. */
  readonly openMs?: number | undefined;
  /** The longest it stays open, in milliseconds. Default 30 000. */
  readonly longestOpenMs?: number | undefined;
  /** How long it stays open, in milliseconds, by the number of openings in a row (1 for the first), in place of the two above. */
  readonly openMsFor?: ((opening: number) => number) | undefined;
  /** Probes let through when half-open; they decide. Default 3. */
  readonly halfOpenCalls?: number | undefined;
  /** How long probes may take before they count as failed, in milliseconds. Default 10 000. */
  readonly halfOpenMs?: number | undefined;
}

/** Limits that are complete and have been checked. */
export interface BreakerSettings {
  readonly windowKey: string;
  readonly newWindow: () => OutcomeWindow;
  readonly minimumCalls: number;
  readonly failureRatio: number;
  readonly slowCallMs: number;
  readonly slowRatio: number;
  readonly openMsFor: (opening: number) => number;
  readonly halfOpenCalls: number;
  readonly halfOpenMs: number;
  /** Whether calls are timed, and whether it matters when an outcome came. */
  readonly timesCalls: boolean;
  readonly timesOutcomes: boolean;
}

/** What holds where a limit is left out. */
export const breakerDefaults = {
  window: 50,
  minimumCalls: 10,
  failureRatio: 0.5,
  slowRatio: 1,
  openMs: 2_000,
  longestOpenMs: 30_000,
  halfOpenCalls: 3,
  halfOpenMs: 10_000,
} as const;

const layer = 'circuitBreaker';
const unbounded = Number.POSITIVE_INFINITY;

/** Fills in the defaults; RESILIENCE_OPTION_INVALID when something makes no sense. */
export function breakerSettings(limits: BreakerLimits): BreakerSettings {
  const { window, windowMs, failureRatio = breakerDefaults.failureRatio, slowCallMs = unbounded } = limits;
  const { slowRatio = breakerDefaults.slowRatio, halfOpenCalls = breakerDefaults.halfOpenCalls } = limits;
  const { halfOpenMs = breakerDefaults.halfOpenMs } = limits;
  if (window !== undefined && windowMs !== undefined) {
    throw refuseOption(layer, 'windowMs', windowMs, 'given only without `window`: a window has a count or a time');
  }
  const size = windowMs === undefined ? (window ?? breakerDefaults.window) : unbounded;
  const minimumCalls = limits.minimumCalls ?? Math.min(breakerDefaults.minimumCalls, size);
  if (windowMs === undefined) checkOption(layer, 'window', size, 1, 1_000_000);
  else checkOption(layer, 'windowMs', windowMs, 20, unbounded);
  checkOption(layer, 'minimumCalls', minimumCalls, 1, size);
  checkOption(layer, 'failureRatio', failureRatio, Number.MIN_VALUE, 1);
  checkOption(layer, 'slowCallMs', slowCallMs, 0, unbounded);
  checkOption(layer, 'slowRatio', slowRatio, Number.MIN_VALUE, 1);
  checkOption(layer, 'halfOpenCalls', halfOpenCalls, 1, 100_000);
  checkOption(layer, 'halfOpenMs', halfOpenMs, 1, Number.MAX_SAFE_INTEGER);
  return {
    windowKey: `${window} ${windowMs}`,
    newWindow: () => (windowMs === undefined ? countWindow(size) : timeWindow(windowMs)),
    minimumCalls,
    failureRatio,
    slowCallMs,
    slowRatio,
    openMsFor: openTimes(limits),
    halfOpenCalls,
    halfOpenMs,
    timesCalls: slowCallMs !== unbounded || windowMs !== undefined,
    timesOutcomes: windowMs !== undefined,
  };
}

function openTimes(limits: BreakerLimits): (opening: number) => number {
  const { openMs = breakerDefaults.openMs, longestOpenMs, openMsFor } = limits;
  if (openMsFor !== undefined) {
    checkOption(layer, 'openMsFor(1)', openMsFor(1), 1, unbounded);
    return openMsFor;
  }
  const longest = longestOpenMs ?? Math.max(breakerDefaults.longestOpenMs, openMs);
  checkOption(layer, 'openMs', openMs, 1, unbounded);
  checkOption(layer, 'longestOpenMs', longest, openMs, unbounded);
  return (opening) => Math.min(openMs * 2 ** (opening - 1), longest);
}
