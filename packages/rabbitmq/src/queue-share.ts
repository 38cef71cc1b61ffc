import type { Random } from '@dure/core';
import { randomInteger } from '@dure/core';

/** What a member of a group sees of the group's queues. */
export interface QueueView {
  readonly queues: number;
  /** How many share them, this one included. */
  readonly members: number;
  /** Whether that has been the same for a while, so that everybody has taken what all can have. */
  readonly isSettled: boolean;
  /** The queues that this one consumes, each with the number of its consumers. */
  readonly mine: ReadonlyMap<number, number>;
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
 * gives it back when the members have changed. Of two that took one queue at the same time, chance says who leaves it.
 */
export function queueMove({ queues, members, isSettled, mine, free }: QueueView, random: Random): QueueMove {
  const even = Math.max(Math.floor(queues / Math.max(members, 1)), 1);
  const most = isSettled ? Math.ceil(queues / Math.max(members, 1)) : even; // One or more, as `even` is.
  const contested = [...mine].flatMap(([queue, consumers]) => (consumers > 1 && random.next() < 0.5 ? [queue] : []));
  const kept = [...mine.keys()].filter((queue) => !contested.includes(queue));
  const more = isSettled && kept.length < most ? 1 : 0;
  return { take: some(free, Math.max(even - kept.length, more), random), leave: [...contested, ...kept.slice(most)] };
}

function some(all: readonly number[], many: number, random: Random): readonly number[] {
  const left = [...all];
  const taken: number[] = [];
  while (taken.length < many && left.length > 0)
    taken.push(...left.splice(randomInteger(random, 0, left.length - 1), 1));
  return taken;
}
