import { lanes } from '../lane.ts';
import type { FollowerView, HeldLanes } from './follower-store.port.ts';

/** What a process does next so that every process gets its share of the lanes. */
export type Move =
  | { readonly kind: 'claim' }
  | { readonly kind: 'release'; readonly lanes: HeldLanes }
  | { readonly kind: 'split'; readonly lanes: HeldLanes }
  | { readonly kind: 'merge'; readonly lower: HeldLanes; readonly upper: HeldLanes };

/**
 * Decides from what all processes see, so that they need no leader and do not fight: nobody takes more than its share, who
 * has two more than another gives one back, the holder of the widest range splits it while there are too few, and who holds two neighbours
 * joins them while there are too many (after Axon's segments, which an operator splits and merges by hand).
 */
export function nextMove(view: FollowerView, me: string, rangesEach: number): Move | undefined {
  const members = Math.max(view.members.length, 1);
  const wanted = Math.min(members * rangesEach, lanes);
  const ranges = view.lanes.toSorted((a, b) => a.from - b.from);
  const mine = ranges.filter(({ owner }) => owner === me);
  const share = Math.ceil(Math.max(ranges.length, wanted) / members);
  if (ranges.some(({ owner }) => owner === undefined)) return mine.length < share ? { kind: 'claim' } : undefined;
  const last = mine.at(-1);
  if (last !== undefined && isRichest(view, me)) return { kind: 'release', lanes: last };
  if (ranges.length < wanted) return splitOf(ranges, me);
  return ranges.length > wanted ? mergeOf(mine) : undefined;
}

/** Whether this process is the one to give something back: it has two more than another, and nobody has more still. */
function isRichest({ members, lanes: ranges }: FollowerView, me: string): boolean {
  const counts = members.toSorted().map((member) => {
    return { member, count: ranges.filter(({ owner }) => owner === member).length };
  });
  const most = Math.max(...counts.map(({ count }) => count));
  const least = Math.min(...counts.map(({ count }) => count));
  return most - least > 1 && counts.find(({ count }) => count === most)?.member === me;
}

const width = ({ from, to }: HeldLanes) => to - from + 1;

function splitOf(ranges: readonly HeldLanes[], me: string): Move | undefined {
  const widest = ranges.reduce<HeldLanes | undefined>(
    (found, one) => (found === undefined || width(one) > width(found) ? one : found),
    undefined,
  );
  return widest?.owner === me && width(widest) > 1 ? { kind: 'split', lanes: widest } : undefined;
}

function mergeOf(mine: readonly HeldLanes[]): Move | undefined {
  for (const [index, upper] of mine.entries()) {
    const lower = mine[index - 1];
    if (lower !== undefined && lower.to + 1 === upper.from) return { kind: 'merge', lower, upper };
  }
  return undefined;
}
