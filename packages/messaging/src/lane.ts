import { hash } from 'node:crypto';

/** How many lanes a log has. A key is always in the same lane, so what keeps a lane's order keeps the order of its keys. */
export const lanes = 256;

/** Lanes from one to another, both included. */
export interface LaneRange {
  readonly from: number;
  readonly to: number;
}

/** All of them. */
export const everyLane: LaneRange = { from: 0, to: lanes - 1 };

/**
 * The lane of a key: the first byte of the SHA-256 of its UTF-8, which PostgreSQL computes as well:
 * `get_byte(sha256(convert_to(key, 'UTF8')), 0)`. It is not stored, so that writers pay nothing for it.
 */
export function laneOf(key: string): number {
  return hash('sha256', key, 'buffer')[0] ?? 0;
}

/** Whether a key is in a range of lanes. */
export function isInLanes({ from, to }: LaneRange, key: string): boolean {
  if (from === 0 && to === lanes - 1) return true;
  const lane = laneOf(key);
  return lane >= from && lane <= to;
}
