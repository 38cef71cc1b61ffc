import { checked, checkedMs } from '../options.ts';
import type { Candidate, Rule } from '../rule.ts';
import { candidateAt } from '../rule.ts';

/** Options of `availabilityFiltering`. */
export interface AvailabilityFilteringOptions {
  /** So many failures in a row trip an instance. Default 3. */
  readonly failures?: number;
  /** How long it is passed over then; doubles with each further failure. Default 1 000. */
  readonly restMs?: number;
  /** The longest rest. Default 30 000. */
  readonly restAtMostMs?: number;
  /** An instance with so many calls in flight is passed over. Default: no limit. */
  readonly inFlightAtMost?: number;
}

/**
 * Each in turn, passing over those that failed several times in a row and those that have too many calls in flight.
 * After ten that are to be passed over, the one with the fewest calls in flight of them is taken.
 *
 * Ribbon's `AvailabilityFilteringRule` and `ServerStats` (where the rest is 10 s · 2ⁿ, at most 30 s). A value out of
 * range is BALANCER_OPTION_INVALID.
 */
export function availabilityFiltering(options: AvailabilityFilteringOptions = {}): Rule {
  const { failures = 3, restMs = 1_000, inFlightAtMost = Number.MAX_SAFE_INTEGER } = options;
  const { restAtMostMs = Math.max(30_000, restMs) } = options;
  const owner = 'availabilityFiltering';
  checked(owner, 'failures', failures, { from: 1, to: 1_000_000, whole: true });
  checkedMs(owner, 'restMs', restMs);
  checkedMs(owner, 'restAtMostMs', restAtMostMs);
  checked(owner, 'inFlightAtMost', inFlightAtMost, { from: 1, to: Number.MAX_SAFE_INTEGER, whole: true });
  const isAvailable = (candidate: Candidate, nowMs: number): boolean => {
    if (candidate.inFlight >= inFlightAtMost) return false;
    if (candidate.failures < failures) return true;
    const rest = Math.min(restMs * 2 ** (candidate.failures - failures), restAtMostMs);
    return nowMs - candidate.failedAtMs >= rest && candidate.inFlight === 0; // one call finds out
  };
  return {
    name: 'availabilityFiltering',
    open: ({ random }) => {
      let turn = Math.floor(random.next() * 2 ** 16);
      return (candidates, tried, nowMs) => {
        let least: Candidate | undefined;
        for (let step = 0; step < Math.min(candidates.length, mostSteps + tried.length); step += 1) {
          turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
          const candidate = candidateAt(candidates, turn);
          if (tried.length > 0 && tried.includes(candidate.instance.id)) continue;
          if (isAvailable(candidate, nowMs)) return candidate;
          if (least === undefined || candidate.inFlight < least.inFlight) least = candidate;
        }
        return least ?? candidateAt(candidates, turn);
      };
    },
  };
}

const mostSteps = 10;
