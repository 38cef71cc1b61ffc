import { checkedMs } from '../options.ts';
import type { Candidate, Rule } from '../rule.ts';
import { candidateAt, nextUntried } from '../rule.ts';
import { reliability } from './two-choices.ts';

/** Options of `weightedResponseTime`. */
export interface WeightedResponseTimeOptions {
  /** How often the weights are computed anew. Default 1 000. */
  readonly refreshMs?: number;
}

/**
 * Draws by weights that are the reciprocal of the response time, so that each instance has about as many calls in
 * flight as any other; failing makes a weight smaller. Nobody's share falls below a hundredth of the average one, by
 * which it is seen to be well again.
 *
 * The idea is Ribbon's `WeightedResponseTimeRule`, whose weights (sum of all times less one's own) leave a slow one of
 * many nearly its full share. Drawn by Vose's alias method (1991): O(1) a pick, O(n) a refresh. A value out of range
 * is BALANCER_OPTION_INVALID.
 */
export function weightedResponseTime(options: WeightedResponseTimeOptions = {}): Rule {
  const refreshMs = checkedMs('weightedResponseTime', 'refreshMs', options.refreshMs ?? 1_000);
  return {
    name: 'weightedResponseTime',
    open: ({ random }) => {
      let seen: readonly Candidate[] = [];
      let refreshAtMs = 0;
      let draw: (first: number, second: number) => number = () => 0;
      return (candidates, tried, nowMs) => {
        if (candidates !== seen || nowMs >= refreshAtMs) {
          draw = aliasMethod(weightsOf(candidates, nowMs));
          seen = candidates;
          refreshAtMs = nowMs + refreshMs;
        }
        for (let attempt = 0; attempt <= tried.length; attempt += 1) {
          const candidate = candidateAt(candidates, draw(random.next(), random.next()));
          if (tried.length === 0 || !tried.includes(candidate.instance.id)) return candidate;
        }
        const start = Math.floor(random.next() * candidates.length);
        return nextUntried(candidates, start, tried) ?? candidateAt(candidates, start);
      };
    },
  };
}

function weightsOf(candidates: readonly Candidate[], nowMs: number): Float64Array {
  const weights = new Float64Array(candidates.length);
  let sum = 0;
  for (const [index, candidate] of candidates.entries()) {
    const latencyMs = candidate.latencyMs > 0 ? candidate.latencyMs : candidate.fleet.latencyMs;
    const weight = (candidate.shareAt(nowMs) * reliability(candidate)) / Math.max(latencyMs, leastMs);
    weights[index] = weight;
    sum += weight;
  }
  const least = (sum / candidates.length) * leastShare;
  return weights.map((weight) => Math.max(weight, least));
}

/** Draws indices in proportion to weights; takes two numbers in [0, 1). */
function aliasMethod(weights: Float64Array): (first: number, second: number) => number {
  const count = weights.length;
  const scale = count / weights.reduce((sum, weight) => sum + weight, 0);
  const chance = weights.map((weight) => weight * scale);
  const alias = new Uint32Array(count);
  const small: number[] = [];
  const large: number[] = [];
  for (let index = 0; index < count; index += 1) (chanceOf(chance, index) < 1 ? small : large).push(index);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop() ?? 0;
    const more = large.pop() ?? 0;
    alias[less] = more;
    chance[more] = chanceOf(chance, more) - (1 - chanceOf(chance, less));
    (chanceOf(chance, more) < 1 ? small : large).push(more);
  }
  for (const index of [...small, ...large]) chance[index] = 1; // rounding left these over
  return (first, second) => {
    const index = Math.floor(first * count);
    return second < chanceOf(chance, index) ? index : (alias[index] ?? 0);
  };
}

function chanceOf(chance: Float64Array, index: number): number {
  return chance[index] ?? 1;
}

const leastMs = 0.01;
const leastShare = 0.01;
