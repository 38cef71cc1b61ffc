import { trackOf } from '../broker-lane.ts';
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
  return {
    ...deliveries,
    async deliver(message, call, effect, way) {
      if (message.position > (await passedOf(trackOf(message)))) return deliveries.deliver(message, call, effect, way);
      await deliveries.skipTo(way?.stream ?? message.source, message.position);
      return 'duplicate';
    },
  } satisfies Store & DeliveryStore<Tx>;
}
