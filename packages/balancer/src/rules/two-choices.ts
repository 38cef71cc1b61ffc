import type { Random } from '@dure/core';
import type { Probing } from '../probe.ts';
import { isDueForProbe } from '../probe.ts';
import type { Candidate } from '../rule.ts';
import { candidateAt, nextUntried } from '../rule.ts';

/**
 * Draws two different candidates and takes the one with the lower load, unless the other one is due for a probe.
 * Power of two choices: M. Mitzenmacher, 2001.
 */
export function chooseOfTwo(
  candidates: readonly Candidate[],
  tried: readonly string[],
  nowMs: number,
  random: Random,
  probing: Probing,
  load: (candidate: Candidate, nowMs: number) => number,
): Candidate {
  const count = candidates.length;
  const start = Math.floor(random.next() * count);
  const first = nextUntried(candidates, start, tried);
  if (first === undefined) return candidateAt(candidates, start);
  if (count === 1) return first;
  const second = nextUntried(candidates, start + 1 + Math.floor(random.next() * (count - 1)), tried, first);
  if (second === undefined) return first;
  const isFirstBetter = load(first, nowMs) <= load(second, nowMs);
  const loser = isFirstBetter ? second : first;
  if (isDueForProbe(loser, probing, nowMs)) return loser;
  return isFirstBetter ? first : second;
}

/** The share of successes to the fourth power: an instance that fails weighs up to 10 000-fold. */
export function reliability({ success }: Candidate): number {
  if (success === 1) return 1;
  const squared = Math.max(success, leastSuccess) ** 2;
  return squared * squared;
}

const leastSuccess = 0.1;
