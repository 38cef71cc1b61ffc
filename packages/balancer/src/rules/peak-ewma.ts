import type { ProbeOptions } from '../probe.ts';
import { probing } from '../probe.ts';
import type { Candidate, Rule } from '../rule.ts';
import { chooseOfTwo, reliability } from './two-choices.ts';

/** Options of `peakEwma`. */
export type PeakEwmaOptions = ProbeOptions;

/**
 * The default. Draws two instances and takes the one with the lower load: its peak-sensitive latency, times the calls
 * in flight and the next one, over the share of recent successes to the fourth power and over its weight.
 *
 * Latency and load are Finagle's (`PeakEwma.scala`), the forced probe is go-zero's (`p2c.go`). Without the division by
 * success⁴ an instance that fails in a millisecond attracts double traffic; without probes and the quick way back an
 * instance that was slow stays away for a quarter of a minute. A value out of range is BALANCER_OPTION_INVALID.
 */
export function peakEwma(options: PeakEwmaOptions = {}): Rule {
  const probes = probing('peakEwma', options);
  return {
    name: 'peakEwma',
    open: ({ random }) => {
      return (candidates, tried, nowMs) => chooseOfTwo(candidates, tried, nowMs, random, probes, load);
    },
  };
}

function load(candidate: Candidate, nowMs: number): number {
  const { inFlight, latencyMs } = candidate;
  // Nothing known: one call goes there, further ones only when all the others are as unknown.
  const cost = latencyMs > 0 ? latencyMs : inFlight === 0 ? leastMs : unknownMs;
  return (cost * (inFlight + 1)) / (reliability(candidate) * candidate.shareAt(nowMs));
}

const leastMs = 0.01;
const unknownMs = 1_000_000;
