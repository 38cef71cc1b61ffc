import { trackOf } from '../broker-lane.ts';
import type { Delivery } from '../delivery.ts';
import type { DeliveryStore } from '../delivery-store.port.ts';

/**
 * A store for a consumer that pulls the logs where a broker may have brought their messages before: what a lane has passed is a
 * duplicate. Nobody consumes by the broker meanwhile, so where the lanes stand is looked up once.
 */
export function sinceBroker<Tx, Store extends DeliveryStore<Tx>>(deliveries: Store & DeliveryStore<Tx>): Store {
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
    async deliver(message, call, effect, way) {
      if (message.position > (await passedOf(trackOf(message)))) return deliveries.deliver(message, call, effect, way);
      await deliveries.skipTo(way?.stream ?? message.source, message.position);
      return 'duplicate';
    },
    ...(together === undefined ? {} : { deliverTogether: whereNew }),
  } satisfies Store & DeliveryStore<Tx>;
}
