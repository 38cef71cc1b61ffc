import { checkOption } from './options.ts';

/** What one window of calls showed. */
export interface LimitSample {
  /** The limit that held. */
  readonly limit: number;
  /** The most that were under way at once. */
  readonly inFlight: number;
  /** How long the calls took, on average, in milliseconds. */
  readonly rttMs: number;
  /** Whether any call timed out or was turned away by what is behind. */
  readonly dropped: boolean;
}

/** Finds the limit of the next window. It keeps what it learns: one for each adaptive limit. */
export type LimitAlgorithm = (sample: LimitSample) => number;

export interface GradientOptions {
  /** How much slower than without a queue answers may be before the limit falls. Default 1.25. */
  readonly tolerance?: number;
  /** Windows between two measurements without a queue. Default 20. */
  readonly probeEvery?: number;
}

const probeRatio = 0.7;
const backOff = 0.9;

/**
 * Limits by how much slower answers are than they are without a queue, after Netflix's Gradient2 and Envoy's gradient
 * controller, with two departures. A dropped call shrinks the limit (Gradient2 ignores it). And the time without a queue
 * is not a long average, which creeps up under lasting overload, nor measured at a concurrency of 3, which costs the
 * throughput of that time: now and then one window runs at 70 % of the limit, where no queue is left once the limit is
 * near what it should be (70 % × tolerance is below 1, so that estimates converge).
 */
export function gradientLimit({ tolerance = 1.25, probeEvery = 20 }: GradientOptions = {}): LimitAlgorithm {
  checkOption('gradientLimit', 'tolerance', tolerance, 1, 1.4);
  checkOption('gradientLimit', 'probeEvery', probeEvery, 2, 10_000);
  let quietMs = Number.NaN;
  let windows = 0;
  let resumeAt: number | undefined;
  const learn = (rttMs: number, weight: number) => {
    quietMs = Number.isNaN(quietMs) ? rttMs : quietMs + weight * (rttMs - quietMs);
  };
  return ({ limit, inFlight, rttMs, dropped }) => {
    if (resumeAt !== undefined) {
      const before = resumeAt;
      resumeAt = undefined;
      learn(rttMs, 0.5);
      return dropped ? limit : before;
    }
    if (dropped) return limit * backOff;
    const isLoaded = inFlight * 2 >= limit;
    learn(rttMs, isLoaded ? (rttMs < quietMs ? 0.1 : 0) : 0.2);
    if (!isLoaded) return limit;
    windows += 1;
    if (windows % probeEvery === 0) {
      resumeAt = limit;
      return limit * probeRatio;
    }
    const gradient = Math.min(Math.max((tolerance * quietMs) / rttMs, 0.5), 1);
    const aim = limit * gradient + Math.max(Math.sqrt(limit) / 2, 1);
    return limit + 0.4 * (aim - limit);
  };
}

export interface AimdOptions {
  /** Slower than this, in milliseconds, is too slow. Default 5 000. */
  readonly slowMs?: number;
}

/** One more with each good window in which the limit was felt, a tenth less with each bad one: TCP's rule. */
export function aimdLimit({ slowMs = 5_000 }: AimdOptions = {}): LimitAlgorithm {
  checkOption('aimdLimit', 'slowMs', slowMs, 1, Number.POSITIVE_INFINITY);
  return ({ limit, inFlight, rttMs, dropped }) => {
    if (dropped || rttMs > slowMs) return limit * backOff;
    return inFlight * 2 >= limit ? limit + 1 : limit;
  };
}
