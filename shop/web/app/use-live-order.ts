import { followEvents } from '@dure/console/design';
import { useEffect, useState } from 'preact/hooks';
import type { Order } from './api.ts';
import { orderEventsPath } from './api.ts';

/** An order as it stands now. */
export interface LiveOrder {
  readonly order: Order;
  /** Whether the live connection is up; `done` when the order's state is final and nothing more will come. */
  readonly connection: 'connecting' | 'open' | 'lost' | 'done';
}

/** Follows an order by server-sent events from the state that was read until a final one. */
export function useLiveOrder(read: Order): LiveOrder {
  const [order, setOrder] = useState(read);
  const [connection, setConnection] = useState<LiveOrder['connection']>('connecting');
  const final = order.state !== 'pending';
  useEffect(() => {
    if (final) {
      setConnection('done');
      return undefined;
    }
    return followEvents(orderEventsPath(read.orderId), [], {
      opened: () => setConnection('open'),
      received: (next) => setOrder(next as Order),
      lost: () => setConnection('lost'),
    });
  }, [read.orderId, final]);
  return { order, connection };
}
