import type { Clock, Ids, Random } from '@dure/core';
import type { NumberSet } from './number-set.ts';
import { numberSet } from './number-set.ts';

/** What the writers of a stress have done. */
export interface StressTally {
  /** Numbers of messages whose COMMIT was answered: they must be there, whatever happens. */
  readonly acknowledged: NumberSet;
  /** Messages that were drawn so far; each has its number. */
  drawn: number;
  rolledBack: number;
  /** Units that were left out of a commit of several, because another transaction held their stream, or because it was elsewhere than expected. */
  busy: number;
  missed: number;
}

/** What every writer and reader of a stress shares. */
export interface StressKit {
  /** A role that may append, read, and end its own sessions. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly tally: StressTally;
}

/** The data of each message. */
export interface StressData {
  readonly number: number;
  /** The number of the first of its unit of work. */
  readonly unit: number;
  /** Whether its caller left it to the service with whom it is committed. */
  readonly isOfService: boolean;
  /** When it was written, on the clock of the process. */
  readonly at: number;
}

/** The names of the sessions that are killed. */
export const writerNames = { session: 'stress-writer', service: 'stress-service' } as const;

/** Nothing done yet. */
export function newTally(): StressTally {
  return { acknowledged: numberSet(), drawn: 0, rolledBack: 0, busy: 0, missed: 0 };
}
