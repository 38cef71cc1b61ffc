import { followEvents, useEvery } from '@dure/console/design';
import { useEffect, useState } from 'preact/hooks';
import type { Order } from './api.ts';
import { orderEventsPath } from './api.ts';

/** An order as it stands now. */
export interface LiveOrder {
  readonly order: Order;
  /** Whether the live connection is up; `done` when the order's state is final and nothing more will come. */
  readonly connection: 'connecting' | 'open' | 'lost' | 'done';
}

const againMs = 2_000;

/**
 * Follows an order by server-sent events from the state that was read until a final one. A browser connects again after
 * a broken connection, but not after a refusal (the service is just starting again): then we do.
 */
export function useLiveOrder(read: Order): LiveOrder {
  const [order, setOrder] = useState(read);
  const [connection, setConnection] = useState<LiveOrder['connection']>('connecting');
  const [turn, setTurn] = useState(0);
  const [refused, setRefused] = useState(false);
  const final = order.state !== 'pending';
  useEvery(refused && !final ? againMs : undefined, () => setTurn(turn + 1));
  useEffect(() => {
    setRefused(false);
    if (final) {
      setConnection('done');
      return undefined;
    }
    return followEvents(orderEventsPath(read.orderId), [], {
      opened: () => setConnection('open'),
      received: (next) => setOrder(next as Order),
      lost: (gaveUp) => {
        setConnection('lost');
        setRefused(gaveUp);
      },
    });
  }, [read.orderId, final, turn]);
  return { order, connection };
}
