import type { Rule } from '../rule.ts';
import { candidateAt, nextUntried } from '../rule.ts';

/** Each in turn, starting at a random one, so that many callers do not all start with the same instance. */
export function roundRobin(): Rule {
  return {
    name: 'roundRobin',
    open({ random }) {
      let turn = Math.floor(random.next() * 2 ** 16);
      return (candidates, tried) => {
        turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
        const start = turn % candidates.length;
        return nextUntried(candidates, start, tried) ?? candidateAt(candidates, start);
      };
    },
  };
}
