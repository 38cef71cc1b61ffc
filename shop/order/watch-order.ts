import type { Database } from '@dure/postgres';
import type { z } from 'zod';
import type { Order } from './contract.ts';
import { orderConfirmed, orderRejected } from './contract.ts';
import type { OrderTables } from './orders.postgres.ts';

type View = z.output<typeof Order>;

const decisions = { events: [orderConfirmed.name, orderRejected.name], destination: undefined };

/**
 * The order as it is, and again when it has been decided. The log is followed from a position that was taken before the
 * order is read, so that a decision in between is not missed.
 */
export async function* watchOrder(
  db: Pick<Database<OrderTables>, 'log' | 'tail'>,
  orderId: string,
  read: () => Promise<View>,
  signal: AbortSignal,
): AsyncGenerator<View, void> {
  const from = await db.log.advance();
  const current = await read();
  yield current;
  if (current.state !== 'pending') return;
  for await (const { messages } of db.tail.follow(from, decisions, signal)) {
    if (messages.some(({ key }) => key === orderId)) {
      yield await read();
      return;
    }
  }
}
