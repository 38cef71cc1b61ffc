import type { Clock, Ids, Random } from '@dure/core';
import { ids, systemClock, systemRandom } from '@dure/core';

/** Time, randomness and ids as a process has them. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
}

/** The real ones. */
export function machine(clock: Clock = systemClock): Machine {
  return { clock, random: systemRandom, ids: ids(clock, systemRandom) };
}
