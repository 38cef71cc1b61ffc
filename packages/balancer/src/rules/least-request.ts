import type { ProbeOptions } from '../probe.ts';
import { probing } from '../probe.ts';
import type { Candidate, Rule } from '../rule.ts';
import { chooseOfTwo, reliability } from './two-choices.ts';

/** Options of `leastRequest`. */
export type LeastRequestOptions = ProbeOptions;

/**
 * Draws two instances and takes the one with fewer calls in flight, weighed up by recent failures and by weight. Needs
 * no history of latency, so it also fits calls whose length says nothing, such as streams.
 *
 * Plain least-request prefers an instance that fails fast, because it never has anything in flight; dividing by
 * success⁴ turns that round, and the probe lets the instance come back. A value out of range is
 * BALANCER_OPTION_INVALID.
 */
export function leastRequest(options: LeastRequestOptions = {}): Rule {
  const probes = probing('leastRequest', options);
  return {
    name: 'leastRequest',
    open: ({ random }) => {
      return (candidates, tried, nowMs) => chooseOfTwo(candidates, tried, nowMs, random, probes, load);
    },
  };
}

function load(candidate: Candidate, nowMs: number): number {
  return (candidate.inFlight + 1) / (reliability(candidate) * candidate.shareAt(nowMs));
}
