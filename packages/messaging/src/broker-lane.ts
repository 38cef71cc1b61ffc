import { laneOf } from './lane.ts';
import type { Message } from './message.ts';

/** In how many lanes a log goes through a broker. Positions are kept by lane, so the number never changes. */
export const brokerLanes = 16;

/** The lane of a key on its way through a broker: sixteen of the log's lanes make one. */
export function brokerLaneOf(key: string): number {
  return laneOf(key) % brokerLanes;
}

/** All that `trackOf` may say of the messages of a source. */
export function tracksOf(source: string): readonly string[] {
  const lanes = Array.from({ length: brokerLanes }, (_, lane) => lane);
  return ['events', 'addressed'].flatMap((part) => lanes.map((lane) => `${source}/${part}/${lane}`));
}

/**
 * What a consumer counts when lanes come each at its own pace: `order/events/7`. Events and what is addressed to a service travel
 * by different topics, so they are counted apart.
 */
export function trackOf({ source, kind, key }: Pick<Message, 'source' | 'kind' | 'key'>): string {
  return `${source}/${kind === 'event' ? 'events' : 'addressed'}/${brokerLaneOf(key)}`;
}
