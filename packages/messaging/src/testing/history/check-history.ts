import type { Anomaly } from './anomaly.ts';
import { checkCycles } from './check-cycles.ts';
import { checkEffects } from './check-effects.ts';
import { checkPolls } from './check-polls.ts';
import { checkWrites } from './check-writes.ts';
import type { History } from './history.ts';
import { indexOf } from './history-index.ts';

/**
 * Looks for everything in a history that a system of logs must not do, whatever happens to it; nothing found is what every run has to come to.
 * The consumers must have been given time to come to the end, else `unseen` says only that they were not.
 *
 * @example
 * assert.deepEqual(checkHistory(recorder.history({ logs, effects })), []);
 */
export function checkHistory(history: History): readonly Anomaly[] {
  const index = indexOf(history);
  return [
    ...checkWrites(history, index),
    ...checkPolls(history),
    ...checkEffects(history, index),
    ...checkCycles(history, index),
  ];
}
