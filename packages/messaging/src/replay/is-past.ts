import { trackOf } from '../broker-lane.ts';
import { laneOf } from '../lane.ts';
import type { Message } from '../message.ts';
import type { ReplayStart } from '../replay-store.port.ts';

/** Whether the reaction had passed a message when its replay began; what it had not comes by itself. */
export function isPast({ whole, tracks, lanes }: ReplayStart, message: Message): boolean {
  if (lanes.length > 0) {
    const lane = laneOf(message.key);
    return lanes.some(({ from, to, position }) => from <= lane && lane <= to && message.position <= position);
  }
  return message.position <= Math.max(whole, tracks[trackOf(message)] ?? 0);
}
