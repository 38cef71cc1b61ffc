import { trackOf, tracksOf } from '../broker-lane.ts';
import type { Delivery } from '../delivery.ts';
import type { DeliveryStore } from '../delivery-store.port.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import { sourceEras } from './source-eras.ts';

export interface SinceBrokerOptions {
  /** The service that consumes. */
  readonly as: string;
  /** The log of a source. */
  readonly feed: (source: string) => Pick<FeedSource, 'eras'>;
}

/**
 * A store for a consumer that pulls the logs where a broker may have brought their messages before: what a lane has passed is a
 * duplicate. Nobody consumes by the broker meanwhile, so where the lanes stand is looked up once, and compared with the log: to ask for the
 * position of a source throws MESSAGING_FEED_AHEAD when one of its lanes has read what the log lost.
 */
export function sinceBroker<Tx, Store extends DeliveryStore<Tx>>(
  deliveries: Store & DeliveryStore<Tx>,
  options: SinceBrokerOptions,
): Store {
  const passed = new Map<string, Promise<number>>();
  const passedOf = (track: string) => {
    const known = passed.get(track) ?? deliveries.position(track);
    known.catch(() => passed.delete(track));
    passed.set(track, known);
    return known;
  };
  const together = deliveries.deliverTogether;
  // One by one while some may be duplicates.
  const whereNew: typeof together = async (several, way) => {
    const isNew = async ({ message }: Delivery<Tx>) => message.position > (await passedOf(trackOf(message)));
    const known = await Promise.all(several.map(isNew));
    return known.every(Boolean) ? deliveries.deliverTogether?.(several, way) : undefined;
  };
  return {
    ...deliveries,
    async position(stream) {
      const position = await deliveries.position(stream);
      passed.clear();
      await compareLanes(deliveries, options, stream, position);
      return position;
    },
    async deliver(message, call, effect, way) {
      if (message.position > (await passedOf(trackOf(message)))) return deliveries.deliver(message, call, effect, way);
      await deliveries.skipTo(way?.stream ?? message.source, message.position);
      return 'duplicate';
    },
    ...(together === undefined ? {} : { deliverTogether: whereNew }),
  } satisfies Store & DeliveryStore<Tx>;
}

/** Only those matter that are further than the source as a whole. */
async function compareLanes<Tx>(
  deliveries: DeliveryStore<Tx>,
  { as, feed }: SinceBrokerOptions,
  source: string,
  whole: number,
): Promise<void> {
  const eras = sourceEras({ as, feed, signal: new AbortController().signal });
  const tracks = tracksOf(source);
  for (const [index, reached] of (await deliveries.reached(tracks)).entries()) {
    const { position, era } = reached;
    if (position <= whole || era === undefined) continue;
    await eras.compare({ source, track: tracks[index] ?? source, reached, record: { position, era } });
  }
}
