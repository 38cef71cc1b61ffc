import type { Rule } from '../rule.ts';
import { candidateAt, nextUntried } from '../rule.ts';

/** Any of them, each as likely as the other. */
export function randomChoice(): Rule {
  return {
    name: 'random',
    open({ random }) {
      return (candidates, tried) => {
        const start = Math.floor(random.next() * candidates.length);
        return nextUntried(candidates, start, tried) ?? candidateAt(candidates, start);
      };
    },
  };
}
