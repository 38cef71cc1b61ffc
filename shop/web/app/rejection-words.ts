import type { Order } from './api.ts';
import type { Messages } from './messages.en.ts';

/** Why an order was rejected, in words; `nameOf` gives a product's name. */
export function rejectionWords(order: Order, messages: Messages, nameOf: (sku: string) => string): string {
  const data = order.reasonData ?? {};
  switch (order.reason) {
    case 'OutOfStock':
      return messages.reasons.OutOfStock(nameOf(String(data.sku ?? '')), String(data.available ?? 0));
    case 'Declined':
      return data.why === 'over-limit' ? messages.reasons.overLimit : messages.reasons.Declined;
    case 'CaptureRefused':
      return messages.reasons.CaptureRefused;
    case 'TimedOut':
      return messages.reasons.TimedOut;
    case undefined:
      return messages.rejectedTitle;
  }
}
