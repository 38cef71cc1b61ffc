import { balancerErrors } from './errors.ts';
import type { Candidate, Rule } from './rule.ts';
import { candidateAt, nextUntried } from './rule.ts';

/** Options of `leastRequest`. */
export interface LeastRequestOptions {
  /** How long an instance that failed is passed over before one call probes it. Default 1 000. */
  readonly probeAfterMs?: number;
}

/**
 * Draws two instances and takes the one with the lower load: calls in flight, weighed up by recent failures. The
 * default rule: needs no shared state and reacts at once to a slow instance.
 *
 * Power of two choices: M. Mitzenmacher, 2001. Plain least-request prefers an instance that fails fast, because it
 * never has anything in flight; dividing by success⁴ turns that round, and the probe lets the instance come back.
 * A time that is not positive is BALANCER_OPTION_INVALID.
 */
export function leastRequest(options: LeastRequestOptions = {}): Rule {
  const probeAfterMs = positiveMs('probeAfterMs', options.probeAfterMs ?? 1_000);
  const isDueForProbe = (candidate: Candidate, nowMs: number) =>
    candidate.success < healthy && candidate.inFlight === 0 && nowMs - candidate.pickedAtMs >= probeAfterMs;
  return {
    name: 'leastRequest',
    open: ({ clock, random }) => {
      return (candidates, tried) => {
        const draw = () => Math.floor(random.next() * candidates.length);
        const first = nextUntried(candidates, draw(), tried);
        if (first === undefined) return candidateAt(candidates, draw());
        const second = nextUntried(candidates, draw(), tried, first);
        if (second === undefined) return first;
        const [better, worse] = load(first) <= load(second) ? [first, second] : [second, first];
        return isDueForProbe(worse, clock.monotonicMs()) ? worse : better;
      };
    },
  };
}

/** Above this share of successes an instance needs no probe: its load alone decides. */
const healthy = 0.95;
/** Keeps the load finite; at the fourth power it weighs a dead instance 10 000-fold. */
const leastSuccess = 0.1;

function load(candidate: Candidate): number {
  const success = Math.max(candidate.success, leastSuccess);
  return (candidate.inFlight + 1) / success ** 4;
}

function positiveMs(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw balancerErrors.OPTION_INVALID(`leastRequest: ${name} is ${value}; expected milliseconds above 0`, {
    details: { name, value },
  });
}
