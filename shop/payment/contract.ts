import { command, contract, get } from '@dure/service/contract';
import { z } from 'zod';

const Amount = z.object({ amount: z.int().min(0), currency: z.literal('KRW') });

/**
 * How to pay. This service stands in for a payment provider and does what the method says:
 * `card` pays; `declined-card` is declined at once; `expired-card` is authorised and then refuses the capture, so that everything
 * before it must be undone. `slow-card` is authorised, but nobody hears of it for five seconds; `lying-card` is charged, and
 * then said to have been refused. Amounts above the configured limit (₩10,000,000) are declined.
 */
export const PaymentMethod = z.enum(['card', 'declined-card', 'expired-card', 'slow-card', 'lying-card']);
const Authorised = z.object({ authorisationId: z.uuid() });

const Payment = z.object({
  orderId: z.uuid(),
  amount: Amount,
  state: z.enum(['authorised', 'captured', 'voided']),
});

/** Authorisations and captures: a stand-in for a payment provider. */
export const payment = contract('payment', {
  getPayment: get('/payments/:orderId', {
    summary: 'The payment of an order, for other services',
    params: z.object({ orderId: z.uuid() }),
    output: Payment,
    access: 'service',
    refuses: { UnknownPayment: { status: 404, data: z.object({ orderId: z.string() }) } },
  }),
  /** Holds an amount on the customer's card. */
  authorise: command({
    input: z.object({ orderId: z.uuid(), amount: Amount, method: PaymentMethod }),
    output: Authorised,
    refuses: { Declined: { status: 402, data: z.object({ why: z.enum(['card-declined', 'over-limit']) }) } },
    key: ({ orderId }) => orderId,
  }),
  /**
   * Tells whether an amount is held, for those who were not told. It has a key of its own, so that it does not wait behind what it
   * asks about.
   */
  askAuthorised: command({
    input: z.object({ orderId: z.uuid() }),
    output: z.object({ done: z.boolean(), result: Authorised.optional() }),
    key: ({ orderId }) => `status of ${orderId}`,
  }),
  /** Takes the amount that was held. */
  capture: command({
    input: z.object({ orderId: z.uuid(), authorisationId: z.uuid() }),
    output: z.object({ captureId: z.uuid() }),
    refuses: { CaptureRefused: { status: 402, data: z.object({ why: z.enum(['card-expired', 'not-authorised']) }) } },
    key: ({ orderId }) => orderId,
  }),
  /** Gives up the hold, and gives back what was taken of it; nothing happens when there is none. */
  voidAuthorisation: command({
    input: z.object({ orderId: z.uuid() }),
    key: ({ orderId }) => orderId,
  }),
});
