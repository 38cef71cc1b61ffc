import type { Random } from '@dure/core';
import { randomInteger } from '@dure/core';

/** What a member of a group sees of the group's queues. */
export interface QueueView {
  readonly queues: number;
  /** How many share them, this one included. */
  readonly members: number;
  /** Whether that has been the same for a while, so that everybody has taken what all can have. */
  readonly isSettled: boolean;
  /** The queues that this one consumes, in the order in which it took them. */
  readonly mine: readonly number[];
  /** The queues that nobody consumes. */
  readonly free: readonly number[];
}

/** What it does about that. */
export interface QueueMove {
  readonly take: readonly number[];
  readonly leave: readonly number[];
}

/**
 * Divides queues among members that see no more of each other than how many they are: each takes what is free up to the share that
 * all can have, and one more when things have settled, so that what does not divide evenly is taken as well. Who has more
 * gives it back when the members have changed. Of two that want one queue at the same time, the server lets one have it.
 */
export function queueMove({ queues, members, isSettled, mine, free }: QueueView, random: Random): QueueMove {
  const even = Math.max(Math.floor(queues / Math.max(members, 1)), 1);
  const most = isSettled ? Math.ceil(queues / Math.max(members, 1)) : even; // One or more, as `even` is.
  const more = isSettled && mine.length < most ? 1 : 0;
  return { take: some(free, Math.max(even - mine.length, more), random), leave: mine.slice(most) };
}

function some(all: readonly number[], many: number, random: Random): readonly number[] {
  const left = [...all];
  const taken: number[] = [];
  while (taken.length < many && left.length > 0)
    taken.push(...left.splice(randomInteger(random, 0, left.length - 1), 1));
  return taken;
}
