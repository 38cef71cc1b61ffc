import type { LogTail, MessageLog } from '@dure/messaging';
import type { z } from 'zod';
import type { Order } from './contract.ts';
import { orderConfirmed, orderRejected } from './contract.ts';

type View = z.output<typeof Order>;

const decisions = { events: [orderConfirmed.name, orderRejected.name], destination: undefined };

/**
 * The order as it is, and again when it has been decided. The log is followed from a position that was taken before the
 * order is read, so that a decision in between is not missed.
 */
export async function* watchOrder(
  messages: { readonly log: MessageLog; readonly tail: LogTail },
  orderId: string,
  read: () => Promise<View>,
  signal: AbortSignal,
): AsyncGenerator<View, void> {
  const from = await messages.log.advance();
  const current = await read();
  yield current;
  if (current.state !== 'pending') return;
  for await (const page of messages.tail.follow(from, decisions, signal)) {
    if (page.messages.some(({ key }) => key === orderId)) {
      yield await read();
      return;
    }
  }
}
