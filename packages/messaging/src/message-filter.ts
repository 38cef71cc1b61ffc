import type { LaneRange } from './lane.ts';
import { isInLanes } from './lane.ts';
import type { Message } from './message.ts';
import type { MessageFilter } from './message-log.port.ts';

/** Decides as the log itself would whether a reader wants a message. */
export function matcher(filter: MessageFilter | 'all', lanes?: LaneRange): (message: Message) => boolean {
  const wants = typeOf(filter);
  return lanes === undefined ? wants : (message) => wants(message) && isInLanes(lanes, message.key);
}

function typeOf(filter: MessageFilter | 'all'): (message: Message) => boolean {
  if (filter === 'all') return () => true;
  const events = new Set(filter.events);
  return (message) =>
    message.kind === 'event'
      ? events.has(message.type)
      : filter.destination !== undefined && message.destination === filter.destination;
}
